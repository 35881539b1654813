import { beforeAll, describe, expect, test } from "vitest";
import { LIMITS } from "../src/http/rate-limiter.ts";
import { expireInvitations } from "../src/invitations/expire-invitations.ts";
import type { Organization } from "../src/models/organization.ts";
import { accessToken, bearing, buildClient } from "./support/access-tokens.ts";
import type { Api } from "./support/api.ts";
import {
  buildMember,
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
  deliveriesOf,
  eventsOf,
  eventTypesOf,
  expiresIn,
  type Invited,
  invited,
  letCoolDown,
  linkToken,
  openLink,
  sendDue,
  statuses,
} from "./support/invitations.ts";
import { tokenIn } from "./support/mailbox.ts";
import { refusal } from "./support/refusal.ts";
import { buildRole, membershipRole } from "./support/roles.ts";

const guildhall = useGuildhall();
let owner: Person;
let organization: Organization;

beforeAll(async () => {
  owner = await buildPerson(guildhall);
  organization = await buildOrganization(guildhall, owner, { member_management: "owner_and_admins" });
});

const resend = ({ path }: Pick<Invited, "path">, by: Api = guildhall.api, meta?: object) =>
  by.post(`${path}/resend`, meta && { meta });
const asOwner = () => guildhall.api.as(owner.token);
const rowOf = (id: string) => guildhall.db("invitations").where({ id }).first();

/** An invitation whose last email is a while ago. */
async function sendable(options: Parameters<typeof invited>[2] = {}, to = organization): Promise<Invited> {
  const invitation = await invited(guildhall, to, options);
  await letCoolDown(guildhall, invitation.id);
  return invitation;
}

/** Inserts so many of today's emails to an address, each of its own invitation and organization. */
async function mailed(email: string, times: number, hoursAgo = 1): Promise<void> {
  const { db } = guildhall;
  for (let n = 0; n < times; n += 1) {
    const { id } = await invited(guildhall, await buildOrganization(guildhall, owner), {
      email: `${n}.${uniqueEmail()}`,
    });
    const created_at = db.raw("now() - make_interval(hours => ?)", [hoursAgo]);
    await db("mail_deliveries")
      .where({ invitation_id: id })
      .update({ email, email_canonical: email, created_at, due_at: null });
  }
}

describe("a resent invitation", () => {
  test("resending returns the invitation as a read shows it, with a queued email", async () => {
    const { id, path } = await sendable();
    const answer = await resend({ path }, asOwner());
    expect(answer).toMatchObject({
      status: 200,
      body: {
        data: { type: "invitation", id, attributes: { status: "pending", delivery_status: "queued" } },
      },
    });
    const read = await guildhall.api.get(path);
    expect(read.body.data).toEqual(answer.body.data);
  });

  test("resending sends another email with a new link to the same address", async () => {
    const { id, email, path } = await sendable();
    await sendDue(guildhall);
    await resend({ path });
    await sendDue(guildhall);
    const [first, second] = [
      await guildhall.mailbox.waitFor(email),
      await guildhall.mailbox.waitFor(email, 2),
    ];
    expect([tokenIn(first), tokenIn(second)]).toEqual([
      linkToken(guildhall, id, 1),
      linkToken(guildhall, id, 2),
    ]);
    expect(first.mail.messageId).not.toBe(second.mail.messageId);
    expect((await deliveriesOf(guildhall, id)).map(({ seq, state }) => [seq, state])).toEqual([
      [1, "sent"],
      [2, "sent"],
    ]);
  });

  test("a resent invitation is accepted by the new link", async () => {
    const invitation = await sendable();
    await resend(invitation);
    expect((await answerByLink(guildhall, invitation, "accept", 2)).status).toBe(200);
  });

  test.each(["accept", "decline"] as const)(
    "a resent invitation is not answered by an old link: %s",
    async (how) => {
      const invitation = await sendable();
      await resend(invitation);
      expect(await answerByLink(guildhall, invitation, how, 1)).toMatchObject(
        refusal(409, "invitation_superseded"),
      );
      expect(await rowOf(invitation.id)).toMatchObject({ status: "pending" });
    },
  );

  test.each([
    ["accept", "accept"],
    ["accept", "decline"],
    ["decline", "decline"],
    ["decline", "accept"],
  ] as const)("an old link shows nothing after the new one's %s: %s", async (answered, how) => {
    const invitation = await sendable();
    await resend(invitation);
    expect((await answerByLink(guildhall, invitation, answered, 2)).status).toBe(200);
    const old = await answerByLink(guildhall, invitation, how, 1);
    expect(old).toMatchObject(refusal(409, "invitation_superseded"));
    expect(old.body.data).toBeUndefined();
    expect((await openLink(guildhall, invitation.id, 1)).page).not.toContain(organization.name);
    expect((await answerByLink(guildhall, invitation, answered, 2)).status).toBe(200);
  });

  test("an old link's page says that there is a newer email", async () => {
    const { id, path } = await sendable();
    await resend({ path });
    const old = await openLink(guildhall, id, 1);
    expect(old.status).toBe(410);
    expect(old.page).toMatch(/newer/i);
    expect(old.page).not.toContain("<form");
    const { status, page } = await openLink(guildhall, id, 2);
    expect([status, page.includes(`/invitations/${id}/accept`)]).toEqual([200, true]);
  });

  test("a late button on an old link's page does nothing", async () => {
    const { id, path } = await sendable();
    const token = linkToken(guildhall, id, 1);
    const { page } = await openLink(guildhall, id, 1);
    await resend({ path });
    const csrf = /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? "";
    const pressed = await fetch(`${guildhall.api.origin}/invitations/${id}/accept`, {
      method: "POST",
      headers: { Cookie: `${id}=${token}`, Accept: "text/html" },
      body: new URLSearchParams({ csrf }),
    });
    expect(pressed.status).toBe(410);
    expect(await rowOf(id)).toMatchObject({ status: "pending" });
  });

  test("resending is an event with the actor and without the link", async () => {
    const { id, path } = await sendable({ by: asOwner() });
    await resend({ path }, asOwner());
    const [, resent] = await eventsOf(guildhall, id);
    expect(resent).toMatchObject({
      type: "invitation.resent",
      actor_user_id: owner.user.id,
      organization_id: organization.id,
    });
    expect(JSON.stringify(resent)).not.toContain(linkToken(guildhall, id, 2));
  });

  test("a resent invitation keeps its inviter, roles and message", async () => {
    const { id, path } = await sendable({ by: asOwner(), message: "Come!" });
    const before = (await guildhall.api.get(path)).body.data;
    await resend({ path });
    const { attributes, relationships } = (await guildhall.api.get(path)).body.data;
    expect(relationships).toEqual(before.relationships);
    const { role_ids, message, email } = before.attributes;
    expect(attributes).toMatchObject({ role_ids, message, email });
    expect(await rowOf(id)).toMatchObject({ inviter_user_id: owner.user.id });
  });

  test("resending while the first email waits sends only the new one", async () => {
    const { id, email, path } = await sendable();
    await resend({ path });
    await sendDue(guildhall);
    const mails = guildhall.mailbox.received.filter(({ to }) => to.includes(email));
    expect(mails.map(tokenIn)).toEqual([linkToken(guildhall, id, 2)]);
    expect(await deliveriesOf(guildhall, id)).toMatchObject([
      { state: "suppressed", reply: "not sent: a newer email replaced it" },
      { state: "sent" },
    ]);
  });

  test("resending ten times at once resends once", async () => {
    const { id, path } = await sendable();
    const answers = await atOnce(10, () => resend({ path }));
    expect(statuses(answers)).toEqual({ 200: 1, 429: 9 });
    expect(await rowOf(id)).toMatchObject({ token_version: 2 });
    expect(await eventTypesOf(guildhall, id)).toEqual(["invitation.created", "invitation.resent"]);
    expect(await deliveriesOf(guildhall, id)).toHaveLength(2);
  });

  test("a program with the scope resends", async () => {
    const client = await buildClient(guildhall, ["invitations:write"]);
    const program = bearing(guildhall, await accessToken(guildhall, client));
    expect((await resend(await sendable(), program)).status).toBe(200);
  });
});

describe("the expiry of a resent invitation", () => {
  const secondsLeft = async (id: string) => {
    const seconds = guildhall.db.raw("extract(epoch from expires_at - now())::int as seconds");
    return (await guildhall.db("invitations").where({ id }).first(seconds)).seconds;
  };
  const setLifetime = (days: number | null) =>
    guildhall
      .db("environments")
      .where({ id: organization.environment_id })
      .update({ settings: days === null ? {} : { invitation_lifetime_days: days } });

  test.each([
    ["7 days", null, 7],
    ["the environment's days", 30, 30],
  ])("the expiry after resending is %s from now", async (_, setting, days) => {
    const { id, path } = await sendable();
    await expiresIn(guildhall, id, 60);
    await setLifetime(setting);
    await resend({ path });
    await setLifetime(null);
    expect(Math.abs((await secondsLeft(id)) - days * 86_400)).toBeLessThan(30);
  });

  test("resending takes the requested expiry", async () => {
    const { path } = await sendable();
    const expires_at = new Date(Date.now() + 86_400_000).toISOString();
    const { body } = await resend({ path }, asOwner(), { expires_at });
    expect(body.data.attributes.expires_at).toBe(expires_at);
  });

  test.each([
    ["in the past", -1],
    ["over 365 days away", 366],
  ])("resending with an expiry that is %s is refused, and nothing is sent", async (_, days) => {
    const { id, path } = await sendable();
    const expires_at = new Date(Date.now() + days * 86_400_000).toISOString();
    expect(await resend({ path }, guildhall.api, { expires_at })).toMatchObject(
      refusal(422, "invalid_expires_at", { pointer: "/meta/expires_at" }),
    );
    expect(await rowOf(id)).toMatchObject({ token_version: 1 });
    expect(await deliveriesOf(guildhall, id)).toHaveLength(1);
  });

  test.each(["tomorrow", 7, null, "0000-01-01T00:00:00Z"])(
    "resending refuses %j as an expiry",
    async (expires_at) => {
      expect((await resend(await sendable(), guildhall.api, { expires_at })).status).toBe(422);
    },
  );

  test("resending refuses unknown attributes", async () => {
    expect((await resend(await sendable(), guildhall.api, { email: uniqueEmail() })).status).toBe(422);
  });
});

describe("too many emails: one invitation", () => {
  test.each(["the operator", "a member"])(
    "an invitation is not sent twice in a minute, by %s",
    async (who) => {
      const invitation = await invited(guildhall, organization);
      const answer = await resend(invitation, who === "a member" ? asOwner() : guildhall.api);
      expect(answer).toMatchObject(refusal(429, "resend_too_soon"));
      const wait = Number(answer.headers.get("Retry-After"));
      expect(wait).toBeGreaterThan(50);
      expect(wait).toBeLessThanOrEqual(60);
      expect(await eventTypesOf(guildhall, invitation.id)).toEqual(["invitation.created"]);
    },
  );

  test("an invitation is sent at most ten times, except by the operator", async () => {
    const invitation = await sendable();
    await guildhall.db("invitations").where({ id: invitation.id }).update({ token_version: 9 });
    expect((await resend(invitation, asOwner())).status).toBe(200);
    await letCoolDown(guildhall, invitation.id);
    expect(await resend(invitation, asOwner())).toMatchObject(refusal(409, "resend_limit"));
    expect((await resend(invitation)).status).toBe(200);
  });
});

describe("too many emails: one address, from all organizations", () => {
  test("an address can't be invited an eleventh time in 24 hours", async () => {
    const email = uniqueEmail();
    await mailed(email, 10, 20);
    const answer = await invite({ ...guildhall, api: asOwner() }, organization, email);
    expect(answer).toMatchObject(refusal(429, "recipient_limit"));
    const wait = Number(answer.headers.get("Retry-After"));
    expect(Math.abs(wait - 4 * 3_600)).toBeLessThan(30);
    expect(await guildhall.db("invitations").where({ email_canonical: email })).toEqual([]);
  });

  test("an invitation can't be resent to an address as its eleventh in 24 hours", async () => {
    const invitation = await sendable();
    await mailed(invitation.email, 9);
    expect(await resend(invitation, asOwner())).toMatchObject(refusal(429, "recipient_limit"));
    expect(await rowOf(invitation.id)).toMatchObject({ token_version: 1 });
  });

  test("the operator may send an eleventh, and yesterday's emails don't count", async () => {
    const [today, yesterday] = [uniqueEmail(), uniqueEmail()];
    await mailed(today, 10);
    await mailed(yesterday, 10, 25);
    const invitation = await sendable({ email: today });
    expect((await resend(invitation)).status).toBe(200);
    expect((await invite({ ...guildhall, api: asOwner() }, organization, yesterday)).status).toBe(201);
  });

  test("emails of another environment don't count", async () => {
    const email = uniqueEmail();
    await mailed(email, 10);
    const elsewhere = await buildPerson(guildhall, { environment: "globex" });
    const there = await buildOrganization(guildhall, elsewhere);
    const api = guildhall.api.as(elsewhere.token).in("globex");
    expect((await invite({ ...guildhall, api }, there, email)).status).toBe(201);
  });
});

describe("too many requests", () => {
  test("one member invites and resends 60 times a minute, without affecting others", async () => {
    const admin = await buildMember(guildhall, organization, "admin");
    const { path } = await invited(guildhall, organization);
    const api = guildhall.api.as(admin.token);
    const answers = await atOnce(LIMITS.invite.requests, (n) =>
      n % 2 ? resend({ path }, api) : invite({ ...guildhall, api }, organization, owner.user.email),
    );
    expect(statuses(answers)).toEqual({ 409: 30, 429: 30 });
    const last = await invite({ ...guildhall, api }, organization, uniqueEmail());
    expect(last).toMatchObject(refusal(429, "too_many_requests"));
    expect(Number(last.headers.get("Retry-After"))).toBeGreaterThan(0);
    expect((await invite({ ...guildhall, api: asOwner() }, organization, uniqueEmail())).status).toBe(201);
  });

  test("one organization invites 300 times a minute, without affecting others", async () => {
    const busy = await buildOrganization(guildhall, owner, { member_management: "owner_and_admins" });
    const { path } = await invited(guildhall, busy);
    for (let left = LIMITS.invite_organization.requests; left > 0; left -= LIMITS.invite.requests) {
      const admin = await buildMember(guildhall, busy, "admin");
      const answers = await atOnce(LIMITS.invite.requests, () =>
        resend({ path }, guildhall.api.as(admin.token)),
      );
      expect(new Set(answers.map(({ body }) => body.errors[0].code))).toEqual(new Set(["resend_too_soon"]));
    }
    expect(await resend({ path }, asOwner())).toMatchObject(refusal(429, "too_many_requests"));
    expect((await resend(await sendable(), asOwner())).status).toBe(200);
    await letCoolDown(guildhall, path.split("/").at(-1) ?? "");
    expect((await resend({ path })).status).toBe(200);
  });
});

describe("reopening an invitation", () => {
  const expire = () => expireInvitations(guildhall.db, () => false);

  async function expired(options: Parameters<typeof invited>[2] = {}, to = organization): Promise<Invited> {
    const invitation = await sendable(options, to);
    await expiresIn(guildhall, invitation.id, -1);
    return invitation;
  }

  test.each(["recorded", "not recorded yet"])(
    "reopening gives a new expiry, a new link and a new email: %s",
    async (how) => {
      const invitation = await expired({ by: asOwner() });
      if (how === "recorded") await expire();
      const answer = await resend(invitation, asOwner());
      expect(answer).toMatchObject({
        status: 200,
        body: { data: { attributes: { status: "pending", delivery_status: "queued", expired_at: null } } },
      });
      const ahead = Date.parse(answer.body.data.attributes.expires_at) - Date.now();
      expect(Math.round(ahead / 86_400_000)).toBe(7);
      expect(await answerByLink(guildhall, invitation, "accept", 1)).toMatchObject(
        refusal(409, "invitation_superseded"),
      );
      expect((await answerByLink(guildhall, invitation, "accept", 2)).status).toBe(200);
      expect((await eventsOf(guildhall, invitation.id)).at(-2)).toMatchObject({
        type: "invitation.resent",
        data: { revived: true },
      });
    },
  );

  test("the inviter gets another notice when a reopened invitation expires", async () => {
    const invitation = await expired({ by: asOwner() });
    await expire();
    expect((await resend(invitation)).status).toBe(200);
    await expiresIn(guildhall, invitation.id, -1);
    await expire();
    const notices = (await deliveriesOf(guildhall, invitation.id)).filter(
      ({ kind }) => kind === "invitation-expired",
    );
    expect(notices).toHaveLength(2);
  });

  test("reopening is refused while the address has a newer pending invitation", async () => {
    const old = await expired();
    const { id } = await sendable({ email: old.email });
    const answer = await resend(old, asOwner());
    expect(answer).toMatchObject(refusal(409, "invitation_pending"));
    expect(answer.body.errors[0].detail).toContain(id);
    await expiresIn(guildhall, id, -1);
    expect((await resend(old, asOwner())).status).toBe(200);
    expect(await rowOf(id)).toMatchObject({ status: "expired" });
    expect((await eventTypesOf(guildhall, id)).at(-1)).toBe("invitation.expired");
  });

  test("reopening is refused once the address belongs to a member", async () => {
    const member = await buildMember(guildhall, organization, "member");
    await guildhall.db("memberships").where({ id: member.membership.id }).delete();
    const old = await expired({ email: member.user.email });
    await guildhall.db("memberships").insert(member.membership.$toDatabaseJson());
    expect(await resend(old, asOwner())).toMatchObject(refusal(409, "already_member"));
    expect(await rowOf(old.id)).toMatchObject({ token_version: 1 });
  });

  test("reopening makes the resender the inviter if the old one lost the right", async () => {
    const admin = await buildMember(guildhall, organization, "admin");
    const old = await expired({ by: guildhall.api.as(admin.token) });
    await guildhall.api.delete(`/api/memberships/${admin.membership.id}`);
    expect((await resend(old, asOwner())).status).toBe(200);
    expect(await rowOf(old.id)).toMatchObject({ inviter_user_id: owner.user.id });
    expect((await answerByLink(guildhall, old, "accept", 2)).status).toBe(200);
  });

  test("a reopened invitation counts as pending in its organization", async () => {
    const full = await buildOrganization(guildhall, owner);
    const old = await expired({}, full);
    await expire();
    await sendable({}, full);
    const settings = { quotas: { pending_per_organization: 1 } };
    await guildhall.db("environments").where({ id: full.environment_id }).update({ settings });
    expect(await resend(old, asOwner())).toMatchObject(refusal(403, "pending_limit"));
    await guildhall.db("environments").where({ id: full.environment_id }).update({ settings: {} });
    expect((await resend(old, asOwner())).status).toBe(200);
  });

  test("reopening ten times at once reopens once", async () => {
    const old = await expired();
    const answers = await atOnce(10, () => resend(old));
    expect(statuses(answers)).toEqual({ 200: 1, 429: 9 });
    expect(await rowOf(old.id)).toMatchObject({ status: "pending", token_version: 2 });
  });

  test("reopening and inviting at once leaves one pending invitation", async () => {
    for (let round = 0; round < 5; round += 1) {
      const old = await expired();
      const [resent, created] = await Promise.all([resend(old), invite(guildhall, organization, old.email)]);
      expect([resent.status, created.status].sort()).toEqual([200 + Number(created.status === 201), 409]);
    }
  });
});

describe("resending is refused", () => {
  test.each(["accepted", "declined", "revoked"] as const)(
    "resending an invitation that is %s is refused with that code",
    async (state) => {
      const invitation = await sendable();
      if (state === "revoked") await guildhall.api.post(`${invitation.path}/revoke`);
      else await answerByLink(guildhall, invitation, state === "accepted" ? "accept" : "decline");
      expect(await resend(invitation, asOwner())).toMatchObject(refusal(409, `invitation_${state}`));
      expect(await deliveriesOf(guildhall, invitation.id)).not.toContainEqual(
        expect.objectContaining({ kind: "invitation", seq: 2 }),
      );
    },
  );

  test("resending without the invitation's own permissions is refused", async () => {
    const recruiter = await buildMember(guildhall, organization, "member");
    const role = await buildRole(guildhall, ["members:manage"]);
    await guildhall.api.post("/api/membership-roles", membershipRole(recruiter.membership.id, role));
    const api = guildhall.api.as(recruiter.token);
    const admin = await roleId(guildhall, organization.environment_id, "admin");
    const beyond = await sendable({ role_ids: [admin] });
    expect(await resend(beyond, api)).toMatchObject(refusal(403, "role_exceeds_own"));
    expect(await rowOf(beyond.id)).toMatchObject({ token_version: 1 });
    expect((await resend(await sendable(), api)).status).toBe(200);
  });
});
