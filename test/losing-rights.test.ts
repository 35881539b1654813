import { beforeAll, describe, expect, test } from "vitest";
import type { Organization } from "../src/models/organization.ts";
import type { Api, ApiAnswer } from "./support/api.ts";
import { batchTo, rowsTo, someEmails } from "./support/batches.ts";
import {
  buildEnvironment,
  buildMember,
  buildOrganization,
  buildPerson,
  invitationTo,
  type Person,
  roleId,
  uniqueEmail,
} from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { refusal } from "./support/refusal.ts";
import { addPermission, buildRole, giveInEnvironment, membershipRole, userRole } from "./support/roles.ts";

const guildhall = useGuildhall();
let billing: string;

beforeAll(async () => {
  billing = await roleId(guildhall, await buildEnvironment(guildhall), "billing");
});

type Setting = "owner" | "owner_and_admins";

async function buildTeam(member_management: Setting = "owner_and_admins") {
  const owner = await buildPerson(guildhall);
  const organization = await buildOrganization(guildhall, owner, { member_management });
  return { owner, organization };
}

/** Invites as this person. @returns the invitation's path. */
async function invites({ token }: Person, { id }: Organization, ...role_ids: string[]): Promise<string> {
  const document = invitationTo(id, uniqueEmail(), { role_ids });
  const { status, body } = await guildhall.api.as(token).post("/api/invitations", document);
  expect(status, JSON.stringify(body)).toBe(201);
  return body.data.links.self;
}

async function statuses(...paths: string[]): Promise<string[]> {
  return Promise.all(paths.map(async (path) => (await guildhall.api.get(path)).body.data.attributes.status));
}

/** A member who manages members by a role of their own, beside the role member. */
async function buildRecruiter(organization: Organization, ...permissions: string[]) {
  const person = await buildMember(guildhall, organization, "member");
  const role = await buildRole(guildhall, ["members:manage", ...permissions]);
  const given = await guildhall.api.post("/api/membership-roles", membershipRole(person.membership.id, role));
  return { ...person, role, given: given.body.data.links.self as string };
}

async function idOfGrant(role: string, permission: string): Promise<string> {
  const { body } = await guildhall.api.get(`/api/role-permissions?filter[role]=${role}&include=permission`);
  const { id } = body.included.find(
    (row: { attributes: { name: string } }) => row.attributes.name === permission,
  );
  return body.data.find(
    (row: { relationships: { permission: { data: { id: string } } } }) =>
      row.relationships.permission.data.id === id,
  ).id;
}

describe("a role withdrawn from a member", () => {
  test("losing a role revokes the invitations it allowed, and nobody else's", async () => {
    const { owner, organization } = await buildTeam();
    const [recruiter, other] = [await buildRecruiter(organization), await buildRecruiter(organization)];
    const elsewhere = await buildOrganization(guildhall, recruiter);
    const sent = await invites(recruiter, organization);
    const others = [
      await invites(other, organization),
      await invites(owner, organization),
      await invites(recruiter, elsewhere),
    ];
    expect((await guildhall.api.as(owner.token).delete(recruiter.given)).status).toBe(204);
    expect(await statuses(sent)).toEqual(["revoked"]);
    expect(await statuses(...others)).toEqual(["pending", "pending", "pending"]);
  });

  test("losing a role revokes nothing that another role still allows", async () => {
    const { organization } = await buildTeam();
    const recruiter = await buildRecruiter(organization);
    const second = await buildRole(guildhall, ["members:manage"]);
    await guildhall.api.post("/api/membership-roles", membershipRole(recruiter.membership.id, second));
    const sent = await invites(recruiter, organization);
    await guildhall.api.delete(recruiter.given);
    expect(await statuses(sent)).toEqual(["pending"]);
  });

  test("losing a role revokes only invitations that exceed what is left", async () => {
    const { organization } = await buildTeam();
    const recruiter = await buildRecruiter(organization);
    const { id } = recruiter.membership;
    const given = await guildhall.api.post("/api/membership-roles", membershipRole(id, billing));
    const withBilling = await invites(recruiter, organization, billing);
    const asMember = await invites(recruiter, organization);
    await guildhall.api.delete(given.body.data.links.self);
    expect(await statuses(withBilling, asMember)).toEqual(["revoked", "pending"]);
  });

  test("losing a role leaves answered and overdue invitations", async () => {
    const { organization } = await buildTeam();
    const recruiter = await buildRecruiter(organization);
    const [accepted, overdue] = [
      await invites(recruiter, organization),
      await invites(recruiter, organization),
    ];
    const { email } = (await guildhall.api.get(accepted)).body.data.attributes;
    const { user } = await buildPerson(guildhall, { email });
    await guildhall.api.post(`${accepted}/accept`, { meta: { user_id: user.id } });
    const past = guildhall.db.raw("now() - interval '1 second'");
    await guildhall
      .db("invitations")
      .where({ id: overdue.split("/").at(-1) })
      .update({ expires_at: past });
    await guildhall.api.delete(recruiter.given);
    expect(await statuses(accepted, overdue)).toEqual(["accepted", "expired"]);
  });
});

describe("a permission taken from a role", () => {
  test("losing a permission revokes invitations of all who had it by one role", async () => {
    const { owner, organization } = await buildTeam();
    const recruiter = await buildRecruiter(organization);
    const admin = await buildMember(guildhall, organization, "admin");
    await guildhall.api.post("/api/membership-roles", membershipRole(admin.membership.id, recruiter.role));
    const sent = await invites(recruiter, organization);
    const others = [await invites(admin, organization), await invites(owner, organization)];
    const grant = await idOfGrant(recruiter.role, "members:manage");
    expect((await guildhall.api.delete(`/api/role-permissions/${grant}`)).status).toBe(204);
    expect(await statuses(sent)).toEqual(["revoked"]);
    expect(await statuses(...others)).toEqual(["pending", "pending"]);
  });

  test("a permission that is given back restores no revoked invitation", async () => {
    const { organization } = await buildTeam();
    const recruiter = await buildRecruiter(organization, "addresses:manage");
    const addresses = await buildRole(guildhall, ["addresses:manage"]);
    const [beyond, within] = [
      await invites(recruiter, organization, addresses),
      await invites(recruiter, organization),
    ];
    await guildhall.api.delete(
      `/api/role-permissions/${await idOfGrant(recruiter.role, "addresses:manage")}`,
    );
    expect(await statuses(beyond, within)).toEqual(["revoked", "pending"]);
    await addPermission(guildhall.api, recruiter.role, "addresses:manage");
    expect(await statuses(beyond, within)).toEqual(["revoked", "pending"]);
  });
});

test("losing an environment role revokes invitations wherever it was needed", async () => {
  const [{ organization: first }, { organization: second }] = [await buildTeam(), await buildTeam()];
  const recruiter = await buildRecruiter(second, "payments:read");
  const given = await giveInEnvironment(guildhall, recruiter.user, ["members:manage", "members:read"]);
  const role = await buildRole(guildhall, ["members:read"]);
  const [there, here] = [await invites(recruiter, first, role), await invites(recruiter, second)];
  const bystander = await buildPerson(guildhall);
  await giveInEnvironment(guildhall, bystander.user, ["members:manage", "members:read"]);
  const other = await invites(bystander, first, role);
  expect((await guildhall.api.delete(`/api/user-roles/${given}`)).status).toBe(204);
  expect(await statuses(there, here, other)).toEqual(["revoked", "pending", "pending"]);
});

test("setting member_management to owner revokes the admins' invitations", async () => {
  const { owner, organization } = await buildTeam();
  const admin = await buildMember(guildhall, organization, "admin");
  const staff = await buildPerson(guildhall);
  await guildhall.api.post(
    "/api/user-roles",
    userRole(staff.user.id, await roleId(guildhall, staff.user.environment_id, "admin")),
  );
  const [byAdmin, byOwner, byStaff] = [
    await invites(admin, organization),
    await invites(owner, organization),
    await invites(staff, organization),
  ];
  const { id } = organization;
  const switchTo = (member_management: Setting) => {
    const document = { data: { type: "organization", id, attributes: { member_management } } };
    return guildhall.api.as(owner.token).patch(`/api/organizations/${id}`, document);
  };
  await switchTo("owner_and_admins");
  expect(await statuses(byAdmin)).toEqual(["pending"]);
  await switchTo("owner");
  expect(await statuses(byAdmin, byOwner, byStaff)).toEqual(["revoked", "pending", "pending"]);
});

describe("the ownership transferred", () => {
  test.each([
    ["owner", ["revoked", "revoked"]],
    ["owner_and_admins", ["pending", "revoked"]],
  ] as const)(
    "transferring with member_management %s revokes what an admin can't send",
    async (setting, expected) => {
      const { owner, organization } = await buildTeam(setting);
      const next = await buildMember(guildhall, organization, "member");
      const deleting = await buildRole(guildhall, ["organization:delete"], organization.id);
      const sent = [await invites(owner, organization), await invites(owner, organization, deleting)];
      const path = `/api/organizations/${organization.id}/transfer-ownership`;
      await guildhall.api.as(owner.token).post(path, { meta: { user_id: next.user.id } });
      expect(await statuses(...sent)).toEqual(expected);
    },
  );
});

test("a removed member keeps invitations that an environment role allows", async () => {
  const { organization } = await buildTeam();
  const [staff, plain] = [await buildRecruiter(organization), await buildRecruiter(organization)];
  await giveInEnvironment(guildhall, staff.user, ["members:manage", "members:read"]);
  const members = await buildRole(guildhall, ["members:read"]);
  const sent = [
    await invites(staff, organization, members),
    await invites(staff, organization),
    await invites(plain, organization, members),
  ];
  for (const { membership } of [staff, plain])
    await guildhall.api.delete(`/api/memberships/${membership.id}`);
  expect(await statuses(...sent)).toEqual(["pending", "revoked", "revoked"]);
});

test("deleting a user revokes all invitations they sent, and no others", async () => {
  const [{ organization: first, owner }, { organization: second }] = [await buildTeam(), await buildTeam()];
  const recruiter = await buildRecruiter(first);
  await giveInEnvironment(guildhall, recruiter.user, ["members:manage", "members:read"]);
  const role = await buildRole(guildhall, ["members:read"]);
  const [here, there] = [await invites(recruiter, first), await invites(recruiter, second, role)];
  const other = await invites(owner, first);
  await guildhall.api.delete(`/api/users/${recruiter.user.id}`);
  expect(await statuses(here, there, other)).toEqual(["revoked", "revoked", "pending"]);
});

test("the request that takes a right also revokes and ends the links", async () => {
  const { owner, organization } = await buildTeam();
  const recruiter = await buildRecruiter(organization);
  const invitationId = (await invites(recruiter, organization)).split("/").at(-1) ?? "";
  await guildhall.api.as(owner.token).delete(recruiter.given);
  const events = await guildhall
    .db("events")
    .where({ subject_id: invitationId, type: "invitation.revoked" })
    .orWhere({ subject_id: recruiter.membership.id, type: "membership_role.deleted" });
  expect(events).toHaveLength(2);
  expect(new Set(events.map(({ request_id }) => request_id)).size).toBe(1);
  expect(new Set(events.map(({ created_at }) => created_at.getTime())).size).toBe(1);
  expect(new Set(events.map(({ actor_user_id }) => actor_user_id))).toEqual(new Set([owner.user.id]));
  expect(events.find(({ type }) => type === "invitation.revoked")?.data).toEqual({
    reason: "inviter_lost_rights",
  });
  const token = guildhall.context.linkKeys.sign({ invitationId, tokenVersion: 1 });
  const answer = await guildhall.api
    .as(null)
    .post(`/api/invitations/${invitationId}/accept`, { meta: { token } });
  expect(answer).toMatchObject({ status: 409, body: { errors: [{ code: "invitation_revoked" }] } });
});

test("the response to a change of roles counts revoked invitations", async () => {
  const { owner, organization } = await buildTeam();
  const recruiter = await buildRecruiter(organization);
  for (let n = 0; n < 2; n += 1) await invites(recruiter, organization);
  const { id } = recruiter.membership;
  const data = { type: "membership", id, relationships: { roles: { data: [] } } };
  const takeRoles = () => guildhall.api.as(owner.token).patch(`/api/memberships/${id}`, { data });
  expect((await takeRoles()).body).toMatchObject({ data: { id }, meta: { revoked_invitations: 2 } });
  expect((await takeRoles()).body.meta).toEqual({ revoked_invitations: 0 });
});

test("an invitation that waits for the loss of its right is not sent", async () => {
  const { organization } = await buildTeam();
  const recruiter = await buildRecruiter(organization);
  const answer = await whileLosing(recruiter, organization, (api) =>
    api.post("/api/invitations", invitationTo(organization.id, uniqueEmail())),
  );
  expect(answer).toMatchObject(refusal(403, "forbidden"));
  const pending = { organization_id: organization.id, status: "pending" };
  expect(await guildhall.db("invitations").where(pending)).toEqual([]);
});

test("a revocation that waits for the loss of its right is refused", async () => {
  const { owner, organization } = await buildTeam();
  const recruiter = await buildRecruiter(organization);
  const sent = await invites(owner, organization);
  const answer = await whileLosing(recruiter, organization, (api) => api.post(`${sent}/revoke`));
  expect(answer).toMatchObject(refusal(403, "forbidden"));
  expect(await statuses(sent)).toEqual(["pending"]);
});

test("canceling a batch that waits for the loss of its right is refused", async () => {
  const { owner, organization } = await buildTeam();
  const recruiter = await buildRecruiter(organization);
  const batch = batchTo(organization.id, rowsTo(someEmails(1)));
  const { links } = (await guildhall.api.as(owner.token).post("/api/invitation-batches", batch)).body.data;
  const answer = await whileLosing(recruiter, organization, (api) => api.post(`${links.self}/cancel`));
  expect(answer).toMatchObject(refusal(403, "forbidden"));
  expect(await statuses(links.self)).toEqual(["queued"]);
});

/** Takes a recruiter's role while a request of theirs has already been judged. @returns its answer. */
async function whileLosing(
  { token, given }: { token: string; given: string },
  { id }: Organization,
  request: (api: Api) => Promise<ApiAnswer>,
): Promise<ApiAnswer> {
  const underWay: Array<Promise<ApiAnswer>> = [];
  await guildhall.db.transaction(async (trx) => {
    await trx("organizations").where({ id }).forUpdate();
    underWay.push(guildhall.api.delete(given));
    await expect.poll(waiting).toBe(1);
    underWay.push(request(guildhall.api.as(token)));
    await expect.poll(waiting).toBe(2);
  });
  const [withdrawn, answer] = await Promise.all(underWay);
  expect(withdrawn?.status).toBe(204);
  return answer as ApiAnswer;
}

async function waiting(): Promise<number> {
  const locks = await guildhall
    .db("pg_stat_activity")
    .where({ wait_event_type: "Lock" })
    .whereRaw("datname = current_database()");
  return locks.length;
}
