import { beforeEach, describe, expect, test } from "vitest";
import { expireInvitations } from "../src/invitations/expire-invitations.ts";
import { newId } from "../src/lib/id.ts";
import type { Organization } from "../src/models/organization.ts";
import { buildMember, buildOrganization, buildPerson, type Person, uniqueEmail } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import {
  answerByLink,
  deliveriesOf,
  expiresIn,
  type Invited,
  invited,
  sendDue,
} from "./support/invitations.ts";

const guildhall = useGuildhall();
let owner: Person;
let organization: Organization;

beforeEach(async () => {
  owner = await buildPerson(guildhall, { first_name: "Ada" });
  organization = await buildOrganization(guildhall, owner);
  await guildhall.db("environments").update({ settings: {} });
});

type Outcome = "accepted" | "declined" | "expired";
const OUTCOMES = ["accepted", "declined", "expired"] as const;
const expire = () => expireInvitations(guildhall.db, () => false);
const byOwner = () => invited(guildhall, organization, { by: guildhall.api.as(owner.token) });

/** Brings about this outcome, and repeats it: there must still be one notice. */
async function comesOut(invitation: Invited, outcome: Outcome): Promise<void> {
  if (outcome === "expired") await expiresIn(guildhall, invitation.id, -1);
  for (let time = 0; time < 2; time += 1) {
    if (outcome === "expired") await expire();
    else {
      const how = outcome === "accepted" ? "accept" : "decline";
      expect((await answerByLink(guildhall, invitation, how)).status).toBe(200);
    }
  }
}

async function mailsTo(email: string) {
  await sendDue(guildhall);
  return guildhall.mailbox.received.filter(({ to }) => to.includes(email)).map(({ mail }) => mail);
}

/** The kinds of notices to the inviter. */
async function noticesOf({ id }: Invited): Promise<string[]> {
  const kinds = (await deliveriesOf(guildhall, id)).map(({ kind }) => String(kind));
  return kinds.filter((kind) => !["invitation", "invitation-reminder"].includes(kind));
}

describe.each(OUTCOMES)("for an invitation that is %s,", (outcome) => {
  test("no notice goes to an unverified address, which may be someone else's", async () => {
    const invitation = await byOwner();
    await guildhall.db("users").where({ id: owner.user.id }).update({ email_verified_at: null });
    await comesOut(invitation, outcome);
    expect(await noticesOf(invitation)).toEqual([]);
  });

  test("the inviter gets one notice", async () => {
    const invitation = await byOwner();
    await comesOut(invitation, outcome);
    const [mail, ...more] = await mailsTo(owner.user.email);
    expect(more).toEqual([]);
    expect(mail?.text).toContain("Acme Corp");
    expect(mail?.text).toMatch(outcome === "expired" ? /not answered in time/ : new RegExp(outcome));
    expect(mail?.text).not.toMatch(/\/i\//);
    expect(await noticesOf(invitation)).toEqual([`invitation-${outcome}`]);
  });

  test("the notice goes to the inviter's current address", async () => {
    const invitation = await byOwner();
    const [before, email] = [owner.user.email, uniqueEmail()];
    await guildhall.db("users").where({ id: owner.user.id }).update({ email, email_canonical: email });
    await comesOut(invitation, outcome);
    expect(await mailsTo(email)).toHaveLength(1);
    expect(await mailsTo(before)).toEqual([]);
  });

  test("an environment switches off one kind of notice and keeps the others", async () => {
    const settings = { notify_inviter: { [outcome]: false } };
    await guildhall.db("environments").where({ id: organization.environment_id }).update({ settings });
    for (const each of OUTCOMES) {
      const invitation = await byOwner();
      await comesOut(invitation, each);
      expect(await noticesOf(invitation)).toEqual(each === outcome ? [] : [`invitation-${each}`]);
    }
  });

  test("nobody gets a notice if a program invited", async () => {
    const invitation = await invited(guildhall, organization);
    await comesOut(invitation, outcome);
    expect(await noticesOf(invitation)).toEqual([]);
  });

  test("only the inviter gets a notice, not other managers", async () => {
    const admin = await buildMember(guildhall, organization, "admin");
    await comesOut(await byOwner(), outcome);
    expect(await mailsTo(admin.user.email)).toEqual([]);
  });
});

test("nobody gets a notice of a revoked invitation", async () => {
  const invitation = await byOwner();
  await guildhall.api.post(`${invitation.path}/revoke`);
  expect(await noticesOf(invitation)).toEqual([]);
});

test("the operator sets each notice switch separately, and null resets all", async () => {
  const id = organization.environment_id;
  const set = (notify_inviter: unknown) =>
    guildhall.api.patch(`/api/environments/${id}`, {
      data: { type: "environment", id, attributes: { settings: { notify_inviter } } },
    });
  const settings = async (answer: ReturnType<typeof set>) => (await answer).body.data.attributes.settings;
  expect(await settings(set({ expired: false }))).toEqual({ notify_inviter: { expired: false } });
  expect(await settings(set({ accepted: false }))).toEqual({
    notify_inviter: { expired: false, accepted: false },
  });
  expect(await settings(set({ expired: true }))).toEqual({
    notify_inviter: { expired: true, accepted: false },
  });
  expect(await settings(set({}))).toEqual({ notify_inviter: { expired: true, accepted: false } });
  expect(await settings(set(null))).toEqual({});
  for (const wrong of [{ expired: "no" }, { revoked: false }, true, { expired: null }])
    expect((await set(wrong)).status).toBe(422);
});

describe("many invitations that expire at once", { timeout: 60_000 }, () => {
  /** Inserts so many overdue invitations of one inviter by SQL. */
  async function overdue(
    count: number,
    inviter: Person,
    { id: organization_id, environment_id } = organization,
  ) {
    const rows = Array.from({ length: count }, () => {
      const email = uniqueEmail();
      const row = { id: newId("inv"), environment_id, organization_id, email, email_canonical: email };
      return { ...row, inviter_user_id: inviter.user.id, expires_at: "2020-01-01" };
    });
    await guildhall.db.batchInsert("invitations", rows);
  }

  test("1,000 expired invitations of one inviter make one notice with the count", async () => {
    await overdue(1_000, owner);
    expect(await expire()).toBe(1_000);
    const mails = await mailsTo(owner.user.email);
    expect(mails).toHaveLength(1);
    expect(mails[0]?.text).toContain("expired at the same time: 999");
    expect(mails[0]?.html).toContain("999");
  });

  test("one notice covers expired invitations of several chunks", async () => {
    await overdue(2_500, owner);
    expect(await expire()).toBe(2_500);
    const mails = await mailsTo(owner.user.email);
    expect(mails).toHaveLength(1);
    expect(mails[0]?.text).toContain("expired at the same time: 2,499");
  });

  test("each inviter gets one notice per organization", async () => {
    const admin = await buildMember(guildhall, organization, "admin");
    const other = await buildOrganization(guildhall, owner, { name: "Globex" });
    await overdue(3, owner);
    await overdue(2, admin);
    await overdue(1, owner, other);
    await expire();
    const texts = (await mailsTo(owner.user.email)).map(({ text }) => text ?? "").sort();
    expect(texts).toHaveLength(2);
    expect(texts.find((text) => text.includes("Acme Corp"))).toContain("at the same time: 2");
    expect(texts.find((text) => text.includes("Globex"))).not.toContain("at the same time");
    expect((await mailsTo(admin.user.email)).map(({ text }) => /time: (\d+)/.exec(text ?? "")?.[1])).toEqual([
      "1",
    ]);
  });

  test("invitations that expire in a later run get a notice of their own", async () => {
    for (const count of [2, 3]) {
      await overdue(count, owner);
      await expire();
    }
    const others = (await mailsTo(owner.user.email)).map(({ text }) => /time: (\d+)/.exec(text ?? "")?.[1]);
    expect(others.sort()).toEqual(["1", "2"]);
  });
});
