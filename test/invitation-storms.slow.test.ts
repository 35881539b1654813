import { beforeAll, describe, expect, test } from "vitest";
import { expireInvitations } from "../src/invitations/expire-invitations.ts";
import { remindInvitees } from "../src/invitations/remind-invitees.ts";
import type { Organization } from "../src/models/organization.ts";
import type { ApiAnswer } from "./support/api.ts";
import {
  buildOrganization,
  buildPerson,
  invite,
  type Person,
  roleId,
  uniqueEmail,
} from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import {
  answerByLink,
  atOnce,
  countOf,
  deliveriesOf,
  eventTypesOf,
  expiresIn,
  type Invited,
  invited,
  later,
  letCoolDown,
  sendDue,
  statuses,
} from "./support/invitations.ts";

const ROUNDS = 80;

const guildhall = useGuildhall();
let owner: Person;
let organization: Organization;
let roles: Record<"admin" | "billing", string>;

beforeAll(async () => {
  owner = await buildPerson(guildhall);
  organization = await buildOrganization(guildhall, owner);
  const { environment_id } = organization;
  roles = {
    admin: await roleId(guildhall, environment_id, "admin"),
    billing: await roleId(guildhall, environment_id, "billing"),
  };
});

describe("at the same moment,", { timeout: 120_000 }, () => {
  test("1,000 accepts of one link make one membership, one event and one notice", async () => {
    const invitation = await invited(guildhall, organization, { by: guildhall.api.as(owner.token) });
    const answers: ApiAnswer[] = [];
    // Four times each over 250 connections: more would exceed the server's deadline.
    await Promise.all(
      Array.from({ length: 250 }, async () => {
        for (let time = 0; time < 4; time += 1)
          answers.push(await answerByLink(guildhall, invitation, "accept"));
      }),
    );
    expect(statuses(answers)).toEqual({ 200: 1_000 });
    const bodies = answers.map(({ body }) => JSON.stringify(body.data.relationships.membership.data));
    expect(new Set(bodies).size).toBe(1);
    const user = await guildhall.db("users").where({ email_canonical: invitation.email }).first("id");
    expect(await countOf(guildhall, "memberships", { user_id: user.id })).toBe(1);
    expect(await eventTypesOf(guildhall, invitation.id)).toEqual([
      "invitation.created",
      "invitation.accepted",
    ]);
    const notices = await countOf(guildhall, "mail_deliveries", {
      invitation_id: invitation.id,
      kind: "invitation-accepted",
    });
    expect(notices).toBe(1);
  });

  test("200 invites and 200 resends at once make one invitation and one email", async () => {
    const email = uniqueEmail();
    const answers = await atOnce(200, () => invite(guildhall, organization, email));
    expect(statuses(answers)).toEqual({ 201: 1, 409: 199 });
    const id = answers.find(({ status }) => status === 201)?.body.data.id;
    await letCoolDown(guildhall, id);
    const resent = await atOnce(200, () => guildhall.api.post(`/api/invitations/${id}/resend`));
    expect(statuses(resent)).toEqual({ 200: 1, 429: 199 });
    await sendDue(guildhall);
    expect(guildhall.mailbox.received.filter(({ to }) => to.includes(email))).toHaveLength(1);
  });

  test("every action on one invitation at once ends it once with true responses", async () => {
    const wins: Record<string, number> = {};
    for (let round = 0; round < ROUNDS; round += 1) {
      const invitation = await eventful();
      const { path } = invitation;
      const { api, db } = guildhall;
      const answers: Record<string, ApiAnswer> = {};
      const note = async (name: string, answer: Promise<ApiAnswer>) => {
        answers[name] = await answer;
      };
      const edit = {
        data: { type: "invitation", id: invitation.id, attributes: { role_ids: [roles.billing] } },
      };
      await Promise.all([
        later(60, () => note("accepted", answerByLink(guildhall, invitation, "accept"))),
        later(60, () => note("accepted by the new link", answerByLink(guildhall, invitation, "accept", 2))),
        later(60, () => note("declined", answerByLink(guildhall, invitation, "decline"))),
        later(60, () => note("revoked", api.post(`${path}/revoke`))),
        later(40, () => note("resent", api.post(`${path}/resend`))),
        later(40, () => note("edited", api.patch(path, edit))),
        later(40, () => note("link", api.post(`${path}/link`))),
        later(90, () => expireInvitations(db, () => false)),
        later(90, () => remindInvitees(db, () => false)),
      ]);
      const { status } = await judge(invitation, answers);
      wins[status] = (wins[status] ?? 0) + 1;
    }
    // Otherwise it was no race.
    expect(Object.keys(wins).length).toBeGreaterThan(2);
  });

  /** An invitation that is due for a reminder, may be resent, and expires any moment. */
  async function eventful(): Promise<Invited> {
    const { db } = guildhall;
    const invitation = await invited(guildhall, organization, { role_ids: [roles.admin] });
    await letCoolDown(guildhall, invitation.id);
    const sent_at = db.raw("now() - interval '2 days 1 hour'");
    await db("mail_deliveries")
      .where({ invitation_id: invitation.id })
      .update({ state: "sent", due_at: null, sent_at });
    await expiresIn(guildhall, invitation.id, 0.02 + Math.random() * 0.15);
    return invitation;
  }

  async function judge(invitation: Invited, answers: Record<string, ApiAnswer>) {
    const { db } = guildhall;
    await db("invitations")
      .where({ id: invitation.id, status: "pending" })
      .update({ expires_at: "2020-01-01" });
    await expireInvitations(db, () => false);
    const row = await db("invitations").where({ id: invitation.id }).first();
    const types = await eventTypesOf(guildhall, invitation.id);
    const facts = JSON.stringify({
      row,
      types,
      answers: Object.entries(answers).map(([k, a]) => [k, a.status, a.body?.errors?.[0]?.code]),
    });

    for (const [name, { status, body }] of Object.entries(answers)) {
      expect([200, 409], `${name}: ${facts}`).toContain(status);
      if (status === 409)
        expect(body.errors[0].code, facts).toMatch(
          /^invitation_(accepted|declined|revoked|expired|superseded)$/,
        );
    }
    // Resending an expired invitation reopens it.
    const lastLife = types.slice(types.lastIndexOf("invitation.resent") + 1);
    const reopened = types.indexOf("invitation.expired") < types.lastIndexOf("invitation.resent");
    const counted = reopened ? lastLife : types;
    const terminal = counted.filter((type) => /\.(accepted|declined|revoked|expired)$/.test(type));
    expect(terminal, facts).toEqual([`invitation.${row.status}`]);
    for (const name of ["declined", "revoked"])
      if (answers[name]?.status === 200) expect(row.status, facts).toBe(name);
    const accepted = [answers.accepted, answers["accepted by the new link"]];
    expect(
      accepted.some((answer) => answer?.status === 200),
      facts,
    ).toBe(row.status === "accepted");
    // A resent invitation has a newer link and its email; another has neither.
    const resent = answers.resent?.status === 200;
    expect(row.token_version, facts).toBe(resent ? 2 : 1);
    expect(
      types.filter((type) => type === "invitation.resent"),
      facts,
    ).toHaveLength(resent ? 1 : 0);
    const mails = (await deliveriesOf(guildhall, invitation.id)).filter(({ kind }) => kind === "invitation");
    expect(
      mails.map(({ seq }) => seq),
      facts,
    ).toEqual(resent ? [1, 2] : [1]);
    // An edited invitation gives only its new roles.
    const given = answers.edited?.status === 200 ? roles.billing : roles.admin;
    expect(
      await db("invitation_roles").where({ invitation_id: invitation.id }).pluck("role_id"),
      facts,
    ).toEqual([given]);
    const user = await db("users").where({ email_canonical: invitation.email }).first("id");
    expect(user === undefined, facts).toBe(row.status !== "accepted");
    if (row.status === "accepted") {
      const held = await db("membership_roles as mr")
        .join("memberships as m", "m.id", "mr.membership_id")
        .where({ user_id: user.id })
        .pluck("role_id");
      expect(held, facts).toEqual([given]);
    }
    return row;
  }
});
