import { beforeAll, describe, expect, test } from "vitest";
import { expireInvitations } from "../src/invitations/expire-invitations.ts";
import type { Organization } from "../src/models/organization.ts";
import { detachOrganization } from "../src/organizations/detach-organization.ts";
import type { ApiAnswer } from "./support/api.ts";
import {
  buildMember,
  buildOrganization,
  buildPerson,
  invite,
  type Person,
  uniqueEmail,
} from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";

const ROUNDS = 60;

/** Everything over HTTP and at once. Nobody may get a 5xx, and every answer must be true afterwards. */
describe("at the same moment", { timeout: 120_000 }, () => {
  const guildhall = useGuildhall({ worker: true });
  let owner: Person;
  let organization: Organization;

  beforeAll(async () => {
    owner = await buildPerson(guildhall);
    organization = await buildOrganization(guildhall, owner);
  });

  test("200 accepts of one link make one membership, one event and one notice", async () => {
    const { mailbox } = guildhall;
    const invitation = await invited({ by: guildhall.api.as(owner.token) });
    const answers = await atOnce(200, () => answer(invitation, "accept"));
    expect(statuses(answers)).toEqual({ 200: 200 });
    expect(new Set(answers.map(({ body }) => body.data.relationships.membership.data.id)).size).toBe(1);
    expect(await countOf("memberships", { user_id: await userOf(invitation.email) })).toBe(1);
    expect(await countOf("events", { subject_id: invitation.id, type: "invitation.accepted" })).toBe(1);
    await mailbox.waitFor(owner.user.email);
    expect(
      await countOf("mail_deliveries", { invitation_id: invitation.id, kind: "invitation-accepted" }),
    ).toBe(1);
    expect(mailsTo(owner.user.email)).toBe(1);
  });

  test("60 spellings of one address make one invitation and one email", async () => {
    const email = uniqueEmail();
    const answers = await atOnce(60, (n) => invite(guildhall, organization, spelling(email, n)));
    expect(statuses(answers)).toEqual({ 201: 1, 409: 59 });
    expect(await countOf("invitations", { email_canonical: email })).toBe(1);
    const created = answers.find(({ status }) => status === 201);
    await guildhall.mailbox.waitFor(created?.body.data.attributes.email);
    expect(mailsTo(email)).toBe(1);
  });

  test("60 invitations to an overdue one's address expire it once and make one", async () => {
    const { id, email } = await invited({ seconds: -1 });
    const answers = await atOnce(60, () => invite(guildhall, organization, email));
    expect(statuses(answers)).toEqual({ 201: 1, 409: 59 });
    expect(await countOf("events", { subject_id: id, type: "invitation.expired" })).toBe(1);
  });

  test("accept, decline, revoke and expire end it exactly once, with true answers", async () => {
    const { db, api } = guildhall;
    for (let round = 0; round < ROUNDS; round += 1) {
      const invitation = await invited({ seconds: Math.random() * 0.1 });
      const [accepted, declined, revoked] = await Promise.all([
        later(60, () => answer(invitation, "accept")),
        later(60, () => answer(invitation, "decline")),
        later(60, () => api.post(`/api/invitations/${invitation.id}/revoke`)),
        later(100, () => expireInvitations(db, () => false)),
      ]);
      const row = await db("invitations").where({ id: invitation.id }).first();
      const answers = { accepted, declined, revoked };
      for (const [status, { status: code, body }] of Object.entries(answers)) {
        if (code === 200) expect(row.status, "the answer of this outcome").toBe(status);
        else expect([code, body.errors?.[0].code]).toEqual([409, expect.stringMatching(closedAs(row))]);
      }
      expect(Object.values(answers).filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1);
      const terminal = /^invitation\.(accepted|declined|revoked|expired)$/;
      const events = await db("events").where({ subject_id: invitation.id }).pluck("type");
      expect(events.filter((type) => terminal.test(type)).length).toBeLessThanOrEqual(1);
      const user = await db("users").where({ email_canonical: invitation.email }).first("id");
      const members = await countOf("memberships", { user_id: user?.id ?? "" });
      expect(members, "a member only by acceptance").toBe(row.status === "accepted" ? 1 : 0);
      expect(user === undefined, "a user only by acceptance").toBe(row.status !== "accepted");
      if (row.status === "accepted") expect(+row.accepted_at).toBeLessThanOrEqual(+row.expires_at + 1);
    }
  });

  test("accept and delete make nobody a member of a doomed organization", async () => {
    await guildhall.stopWorker();
    for (let round = 0; round < 30; round += 1) {
      const doomed = await buildOrganization(guildhall, owner);
      const all = await Promise.all([1, 2, 3].map(() => invited({ to: doomed })));
      const [deleted, ...accepted] = await Promise.all([
        later(15, () => guildhall.api.delete(`/api/organizations/${doomed.id}`)),
        ...all.map((invitation) => later(15, () => answer(invitation, "accept"))),
      ]);
      expect(deleted?.status).toBe(202);
      expect(accepted.filter(({ status }) => ![200, 404].includes(status))).toEqual([]);
      const won = accepted.filter(({ status }) => status === 200).length;
      expect(deleted?.body.data.attributes.planned.memberships, "the owner and who was faster").toBe(1 + won);
      expect(await countOf("memberships", { organization_id: doomed.id })).toBe(1 + won);
    }
    guildhall.startWorker();
  });

  test("invite and delete leave no invitation, and revoke each one made", async () => {
    for (let round = 0; round < 30; round += 1) {
      const doomed = await buildOrganization(guildhall, owner);
      const [deleted, ...others] = await Promise.all([
        later(10, () => guildhall.api.delete(`/api/organizations/${doomed.id}`)),
        ...[1, 2, 3, 4].map(() => later(10, () => invite(guildhall, doomed, uniqueEmail()))),
      ]);
      expect(deleted?.status).toBe(202);
      expect(others.filter(({ status }) => ![201, 404].includes(status))).toEqual([]);
      await detachOrganization(guildhall.db, deleted?.body.data.id, () => false);
      expect(await countOf("organizations", { id: doomed.id })).toBe(0);
      const made = others.filter(({ status }) => status === 201).length;
      for (const type of ["invitation.created", "invitation.revoked"])
        expect(await countOf("events", { organization_id: doomed.id, type }), type).toBe(made);
    }
  });

  test("two deletions of one organization are one", async () => {
    for (let round = 0; round < 10; round += 1) {
      const doomed = await buildOrganization(guildhall, owner);
      const answers = await atOnce(4, () => guildhall.api.delete(`/api/organizations/${doomed.id}`));
      const begun = answers.filter(({ status }) => status === 202);
      expect(answers.filter(({ status }) => ![202, 404].includes(status))).toEqual([]);
      expect(new Set(begun.map(({ body }) => body.data.id)).size).toBe(1);
      expect(await countOf("organization_deletions", { organization_id: doomed.id })).toBe(1);
    }
  });

  test("ten requests add one person once, with 409 for the rest", async () => {
    const { user } = await buildPerson(guildhall);
    const relationships = {
      user: { data: { type: "user", id: user.id } },
      organization: { data: { type: "organization", id: organization.id } },
    };
    const document = { data: { type: "membership", attributes: {}, relationships } };
    const answers = await atOnce(10, () => guildhall.api.post("/api/memberships", document));
    expect(statuses(answers)).toEqual({ 201: 1, 409: 9 });
  });

  test("a member removed during an accept doesn't get back in by it", async () => {
    for (let round = 0; round < 20; round += 1) {
      const member = await buildMember(guildhall, organization, "member");
      // An invitation to somebody who is already a member: invited before they joined another way.
      const { email } = member.user;
      const invitation = await invited();
      await guildhall
        .db("invitations")
        .where({ id: invitation.id })
        .update({ email, email_canonical: email });
      const [removed, accepted] = await Promise.all([
        later(10, () => guildhall.api.delete(`/api/memberships/${member.membership.id}`)),
        later(10, () => answer(invitation, "accept")),
      ]);
      expect([204, 404]).toContain(removed.status);
      expect([200, 409]).toContain(accepted.status);
      const { status } = await guildhall.db("invitations").where({ id: invitation.id }).first("status");
      expect(status).toBe(accepted.status === 200 ? "accepted" : "revoked");
      expect(await countOf("memberships", { user_id: member.user.id })).toBe(0);
    }
  });

  interface Invited {
    id: string;
    email: string;
    token: string;
  }

  /** @param seconds until it expires, by the database's clock. */
  async function invited({ to = organization, by = guildhall.api, seconds = 3_600 } = {}): Promise<Invited> {
    const email = uniqueEmail();
    const { status, body } = await invite({ ...guildhall, api: by }, to, email);
    expect(status).toBe(201);
    const { id } = body.data;
    const expiry =
      "update invitations set expires_at = clock_timestamp() + make_interval(secs => ?) where id = ?";
    await guildhall.db.raw(expiry, [seconds, id]);
    return { id, email, token: guildhall.context.linkKeys.sign({ invitationId: id, tokenVersion: 1 }) };
  }

  function answer({ id, token }: Invited, how: "accept" | "decline"): Promise<ApiAnswer> {
    return guildhall.api.as(null).post(`/api/invitations/${id}/${how}`, { meta: { token } });
  }

  async function countOf(table: string, where: object): Promise<number> {
    const row = await guildhall.db(table).where(where).count("* as n").first();
    return Number(row?.n);
  }

  async function userOf(email: string): Promise<string> {
    return (await guildhall.db("users").where({ email_canonical: email }).first("id")).id;
  }

  function mailsTo(email: string): number {
    return guildhall.mailbox.received.filter(({ to }) => to[0]?.toLowerCase() === email.toLowerCase()).length;
  }
});

/** Waits up to so many milliseconds, so that every order occurs. */
async function later<Result>(milliseconds: number, work: () => Promise<Result>): Promise<Result> {
  await new Promise((resolve) => setTimeout(resolve, Math.random() * milliseconds));
  return work();
}

function atOnce(times: number, work: (n: number) => Promise<ApiAnswer>): Promise<ApiAnswer[]> {
  return Promise.all(Array.from({ length: times }, (_, n) => work(n)));
}

/** The number of answers by status. */
function statuses(answers: ApiAnswer[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** Another spelling of the address: upper case where `n` has a bit. */
function spelling(email: string, n: number): string {
  return [...email].map((letter, index) => ((n >> (index % 6)) & 1 ? letter.toUpperCase() : letter)).join("");
}

/** The codes a refusal may have: the final state, or expired if that came first. */
function closedAs({ status }: { status: string }): RegExp {
  return new RegExp(`^invitation_(${status}|expired)$`);
}
