import { describe, expect, test } from "vitest";
import { remindInvitees } from "../src/invitations/remind-invitees.ts";
import type { ApiAnswer } from "./support/api.ts";
import { buildMember, buildOrganization, buildPerson, unique } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import {
  answerByLink,
  deliveriesOf,
  eventsOf,
  eventTypesOf,
  type Invited,
  invited,
  letCoolDown,
  linkToken,
  openLink,
  sendDue,
} from "./support/invitations.ts";
import { refusal } from "./support/refusal.ts";
import { addPermission, buildRole, membershipRole } from "./support/roles.ts";

const guildhall = useGuildhall();

/**
 * An invitation whose inviter manages members and addresses by a role of their own, and which gives a role that
 * manages addresses. `lose` takes a permission directly in the database, so that no command could revoke the
 * invitation.
 */
async function buildInvitation() {
  const organization = await buildOrganization(guildhall, await buildPerson(guildhall), {
    member_management: "owner_and_admins",
  });
  const inviter = await buildMember(guildhall, organization, "member");
  const [own, given] = [await buildRole(guildhall, []), await buildRole(guildhall, ["addresses:manage"])];
  const permissions = {
    "members:manage": await addPermission(guildhall.api, own, "members:manage"),
    "addresses:manage": await addPermission(guildhall.api, own, "addresses:manage"),
  };
  await guildhall.api.post("/api/membership-roles", membershipRole(inviter.membership.id, own));
  const by = guildhall.api.as(inviter.token);
  const invitation = await invited(guildhall, organization, { by, role_ids: [given] });
  const lose = (permission: keyof typeof permissions) =>
    guildhall.db("role_permissions").where({ id: permissions[permission] }).delete();
  return { organization, inviter, given, invitation, lose };
}

async function stateOf({ path }: Invited): Promise<string> {
  return (await guildhall.api.get(path)).body.data.attributes.status;
}

const waysToAccept: Record<string, (invitation: Invited) => Promise<ApiAnswer>> = {
  "a session with an Idempotency-Key": async ({ path, email }) =>
    guildhall.api
      .as((await buildPerson(guildhall, { email })).token)
      .post(`${path}/accept`, undefined, { "Idempotency-Key": unique("key") }),
  "its link": (invitation) => answerByLink(guildhall, invitation, "accept"),
  "a session": async ({ path, email }) =>
    guildhall.api.as((await buildPerson(guildhall, { email })).token).post(`${path}/accept`),
  "a program": async ({ path, email }) => {
    const { user } = await buildPerson(guildhall, { email });
    return guildhall.api.post(`${path}/accept`, { meta: { user_id: user.id } });
  },
};

describe.each(Object.entries(waysToAccept))("on acceptance by %s,", (_, accept) => {
  test.each(["members:manage", "addresses:manage"] as const)(
    "an invitation whose inviter lost %s is revoked and can't be accepted",
    async (permission) => {
      const { organization, invitation, lose } = await buildInvitation();
      await lose(permission);
      expect(await accept(invitation)).toMatchObject(refusal(409, "invitation_revoked"));
      expect(await stateOf(invitation)).toBe("revoked");
      expect(
        (await eventsOf(guildhall, invitation.id)).map((event) => [event.type, event.actor_kind]),
      ).toEqual([
        ["invitation.created", "user"],
        ["invitation.revoked", "system"],
      ]);
      expect(await guildhall.db("memberships").where({ organization_id: organization.id })).toHaveLength(2);
    },
  );
});

test("an invitation that its inviter may still send is accepted", async () => {
  const { invitation } = await buildInvitation();
  expect(await answerByLink(guildhall, invitation, "accept")).toMatchObject({ status: 200 });
});

test("an invitation isn't accepted once its role exceeds its inviter", async () => {
  const { given, invitation } = await buildInvitation();
  await addPermission(guildhall.api, given, "organization:delete");
  expect(await answerByLink(guildhall, invitation, "accept")).toMatchObject(
    refusal(409, "invitation_revoked"),
  );
});

test("the page says that an invitation was withdrawn and creates no user", async () => {
  const { invitation, lose } = await buildInvitation();
  await lose("members:manage");
  const token = linkToken(guildhall, invitation.id);
  const answer = await fetch(`${guildhall.api.origin}/invitations/${invitation.id}/accept`, {
    method: "POST",
    body: new URLSearchParams({ token }),
  });
  expect(answer.status).toBe(410);
  expect((await openLink(guildhall, invitation.id)).status).toBe(410);
  expect(await guildhall.db("users").where({ email: invitation.email })).toEqual([]);
});

test("an old link says that it was replaced and revokes nothing", async () => {
  const { invitation, lose } = await buildInvitation();
  await letCoolDown(guildhall, invitation.id);
  expect((await guildhall.api.post(`${invitation.path}/resend`)).status).toBe(200);
  await lose("members:manage");
  expect(await answerByLink(guildhall, invitation, "accept")).toMatchObject(
    refusal(409, "invitation_superseded"),
  );
  expect(await stateOf(invitation)).toBe("pending");
});

test("resending revokes an invitation whose inviter may no longer send it", async () => {
  const { invitation, lose } = await buildInvitation();
  await letCoolDown(guildhall, invitation.id);
  await lose("addresses:manage");
  const answer = await guildhall.api.post(`${invitation.path}/resend`);
  expect(answer).toMatchObject(refusal(409, "invitation_revoked"));
  expect(await eventTypesOf(guildhall, invitation.id)).toEqual(["invitation.created", "invitation.revoked"]);
  expect(await deliveriesOf(guildhall, invitation.id)).toHaveLength(1);
});

test("no reminder is sent if the inviter may no longer invite", async () => {
  const [{ invitation, lose }, { invitation: sound }] = [await buildInvitation(), await buildInvitation()];
  await lose("members:manage");
  await sendDue(guildhall);
  const { db } = guildhall;
  await db("mail_deliveries").update({ sent_at: db.raw("now() - interval '2 days 1 hour'") });
  await remindInvitees(db, () => false);
  expect(await deliveriesOf(guildhall, invitation.id)).toHaveLength(1);
  expect(await deliveriesOf(guildhall, sound.id)).toHaveLength(2);
});

test("an invitation that a program extends beyond its inviter is the program's", async () => {
  const { inviter, invitation } = await buildInvitation();
  const deleting = await buildRole(guildhall, ["organization:delete"]);
  const attributes = { role_ids: [deleting] };
  const document = { data: { type: "invitation", id: invitation.id, attributes } };
  const { body } = await guildhall.api.patch(invitation.path, document);
  expect(body.data.relationships.inviter.data).toBeNull();
  await guildhall.api.delete(`/api/memberships/${inviter.membership.id}`);
  expect(await answerByLink(guildhall, invitation, "accept")).toMatchObject({ status: 200 });
});
