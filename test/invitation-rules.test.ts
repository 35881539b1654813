import { describe, expect, test } from "vitest";
import type { Organization } from "../src/models/organization.ts";
import {
  buildMember,
  buildOrganization,
  buildPerson,
  invitationTo,
  invite,
  unique,
  uniqueEmail,
} from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { refusal } from "./support/refusal.ts";

const guildhall = useGuildhall();

const DAY = 86_400_000;
const daysFromNow = (days: number) => new Date(Date.now() + days * DAY).toISOString();

async function buildTeam() {
  const owner = await buildPerson(guildhall);
  const organization = await buildOrganization(guildhall, owner, { member_management: "owner_and_admins" });
  return { owner, organization, api: guildhall.api.as(owner.token) };
}

function countInvitations({ id }: Organization) {
  return guildhall
    .db("invitations")
    .where({ organization_id: id })
    .then((rows) => rows.length);
}

describe("the invited address", () => {
  test("a member's address can't be invited in any spelling: 409 already_member", async () => {
    const { organization, owner, api } = await buildTeam();
    const { user } = await buildMember(guildhall, organization, "member");
    for (const email of [user.email, user.email.toUpperCase(), owner.user.email]) {
      const answer = await api.post("/api/invitations", invitationTo(organization.id, email));
      expect(answer).toMatchObject(refusal(409, "already_member"));
    }
  });

  test("an address has one pending invitation per organization, in any spelling", async () => {
    const { organization, api } = await buildTeam();
    const name = unique("jane");
    await api.post("/api/invitations", invitationTo(organization.id, `${name}@bücher.example`));
    const spellings = ["bücher.example", "BÜCHER.Example", "xn--bcher-kva.example", "bu\u0308cher.example"];
    for (const domain of spellings) {
      const document = invitationTo(organization.id, `${name.toUpperCase()}@${domain}`);
      const again = await api.post("/api/invitations", document);
      expect(again, domain).toMatchObject(refusal(409, "invitation_pending"));
    }
    expect(await countInvitations(organization)).toBe(1);
  });

  test("an address invited ten times at once is invited once", async () => {
    const { organization } = await buildTeam();
    const email = uniqueEmail();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => invite(guildhall, organization, email)),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([201, ...Array(9).fill(409)]);
    expect(await guildhall.db("mail_deliveries").where({ email })).toHaveLength(1);
  });

  test("an address with a plus or another dot is another person's", async () => {
    const { organization } = await buildTeam();
    const name = unique("jane");
    for (const local of [name, `${name}+guildhall`, `j.${name}`]) {
      const answer = await invite(guildhall, organization, `${local}@example.com`);
      expect(answer.status).toBe(201);
    }
  });

  test("an address may have pending invitations to two organizations", async () => {
    const email = uniqueEmail();
    for (const { organization } of [await buildTeam(), await buildTeam()]) {
      expect(await invite(guildhall, organization, email)).toMatchObject({ status: 201 });
    }
  });

  test("inviting an address expires its overdue invitation, with an event", async () => {
    const { organization, api } = await buildTeam();
    const email = uniqueEmail();
    const first = await invite(guildhall, organization, email);
    const id = first.body.data.id;
    const expires_at = guildhall.db.raw("now() - interval '1 second'");
    await guildhall.db("invitations").where({ id }).update({ expires_at });

    const second = await api.post("/api/invitations", invitationTo(organization.id, email));
    expect(second.status).toBe(201);
    expect(await guildhall.db("invitations").where({ id }).first()).toMatchObject({
      status: "expired",
      expired_at: expect.any(Date),
    });
    const events = await guildhall.db("events").where({ subject_id: id }).orderBy("id").pluck("type");
    expect(events).toEqual(["invitation.created", "invitation.expired"]);
  });

  test("an overdue invitation stays if its address can't be invited again", async () => {
    const { organization } = await buildTeam();
    const email = uniqueEmail();
    const { id } = (await invite(guildhall, organization, email)).body.data;
    const expires_at = guildhall.db.raw("now() - interval '1 second'");
    await guildhall.db("invitations").where({ id }).update({ expires_at });
    const refused = await invite(guildhall, organization, email, { expires_at: daysFromNow(-1) });
    expect(refused.status).toBe(422);
    expect(await guildhall.db("invitations").where({ id }).first()).toMatchObject({ status: "pending" });
  });

  test.each(["revoke", "decline"])("an address can be invited again after %s", async (answer) => {
    const { organization } = await buildTeam();
    const email = uniqueEmail();
    const first = await invite(guildhall, organization, email);
    const closed = await guildhall.api.post(`${first.body.data.links.self}/${answer}`);
    expect(closed.status).toBe(200);
    expect(await invite(guildhall, organization, email)).toMatchObject({ status: 201 });
  });
});

describe("an invitation's lifetime", () => {
  /** Days from creation to expiry. */
  const lifetime = ({ created_at, expires_at }: { created_at: string; expires_at: string }) =>
    (Date.parse(expires_at) - Date.parse(created_at)) / DAY;

  test("an invitation lasts 7 days, or as long as its environment says", async () => {
    const { organization } = await buildTeam();
    const first = await invite(guildhall, organization, uniqueEmail());
    expect(lifetime(first.body.data.attributes)).toBe(7);

    const handle = unique("quick");
    const attributes = { handle, name: "Quick", settings: { invitation_lifetime_days: 2 } };
    await guildhall.api.post("/api/environments", { data: { type: "environment", attributes } });
    const owner = await buildPerson(guildhall, { environment: handle });
    const { id } = await buildOrganization(guildhall, owner);
    const second = await guildhall.api.in(handle).post("/api/invitations", invitationTo(id, uniqueEmail()));
    expect(lifetime(second.body.data.attributes)).toBe(2);
  });

  test("an invitation lasts until the time its inviter gives, in any time zone", async () => {
    const { organization } = await buildTeam();
    const given = `${new Date(Date.now() + 3 * DAY).toISOString().slice(0, 19)}+02:00`;
    const { body } = await invite(guildhall, organization, uniqueEmail(), { expires_at: given });
    expect(Date.parse(body.data.attributes.expires_at)).toBe(Date.parse(given));
    expect(
      await invite(guildhall, organization, uniqueEmail(), { expires_at: daysFromNow(364.9) }),
    ).toMatchObject({ status: 201 });
  });

  test.each([
    daysFromNow(-0.001),
    daysFromNow(365.1),
    "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "tomorrow",
    "2031-02-30T00:00:00Z",
    "2031-01-01",
    "2031-01-01T00:00:00",
    "2031-01-01T00:00:00+99:99",
    "infinity",
    "",
    1_900_000_000,
    {},
  ])("an invitation can't expire at %j: 422", async (expires_at) => {
    const { organization } = await buildTeam();
    const answer = await invite(guildhall, organization, uniqueEmail(), { expires_at });
    expect(answer).toMatchObject({
      status: 422,
      body: { errors: [{ source: { pointer: "/data/attributes/expires_at" } }] },
    });
  });
});
