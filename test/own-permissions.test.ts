import { beforeAll, describe, expect, test } from "vitest";
import { up } from "../migrations/0022-owners-have-every-right.ts";
import type { SystemRoleName } from "../src/access/permissions.ts";
import type { Organization } from "../src/models/organization.ts";
import { accessToken, bearing, buildClient } from "./support/access-tokens.ts";
import {
  buildEnvironment,
  buildMember,
  buildOrganization,
  buildPerson,
  invitationTo,
  roleId,
  unique,
  uniqueEmail,
} from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { letters, linkTo } from "./support/one-of-everything.ts";
import { refusal } from "./support/refusal.ts";
import {
  addPermission,
  buildRole,
  giveInEnvironment,
  membershipRole,
  rolePermission,
  userRole,
} from "./support/roles.ts";

const guildhall = useGuildhall();
let environmentId: string;

beforeAll(async () => {
  environmentId = await buildEnvironment(guildhall);
});

async function buildTeam() {
  const owner = await buildPerson(guildhall);
  const organization = await buildOrganization(guildhall, owner, { member_management: "owner_and_admins" });
  return { owner, organization, api: guildhall.api.as(owner.token) };
}

/** A permission that the team defines. */
async function addToCatalogue(attributes: object = {}) {
  const name = `${letters()}:write`;
  const { status, body } = await guildhall.api.post("/api/permissions", {
    data: { type: "permission", attributes: { name, ...attributes } },
  });
  expect(status, JSON.stringify(body)).toBe(201);
  return { name, id: body.data.id as string };
}

/** What the service says a user may do in an organization, or in the environment. */
async function rightsOf(user: string, organization: string | null): Promise<string[]> {
  const { rows } = await guildhall.db.raw("select name from permissions_in(?, ?) as name", [
    user,
    organization,
  ]);
  return rows.map(({ name }: { name: string }) => name);
}

const systemRole = (name: SystemRoleName) => roleId(guildhall, environmentId, name);

async function statusOf(path: string): Promise<string> {
  return (await guildhall.api.get(path)).body.data.attributes.status;
}

/** Invites as somebody, with this role. @returns the invitation's path. */
async function invites(token: string, { id }: Organization, role: string): Promise<string> {
  const document = invitationTo(id, uniqueEmail(), { role_ids: [role] });
  const { status, body } = await guildhall.api.as(token).post("/api/invitations", document);
  expect(status, JSON.stringify(body)).toBe(201);
  return body.data.links.self;
}

describe("a permission that a team defines", () => {
  test("an own permission is given to every owner, present and future", async () => {
    const [before, { name }, after] = [await buildTeam(), await addToCatalogue(), await buildTeam()];
    for (const { owner, organization } of [before, after])
      expect(await rightsOf(owner.user.id, organization.id)).toContain(name);
    const { body } = await before.api.get(
      `/api/roles/${await systemRole("owner")}/permissions?filter[name]=${name}`,
    );
    expect(body.data).toMatchObject([{ attributes: { name } }]);
  });

  test("an own permission is the owner's only, in their own organization", async () => {
    const [{ owner, organization }, other] = [await buildTeam(), await buildTeam()];
    const admin = await buildMember(guildhall, organization, "admin");
    const { name } = await addToCatalogue();
    expect(await rightsOf(owner.user.id, null)).toEqual([]);
    expect(await rightsOf(owner.user.id, other.organization.id)).toEqual([]);
    expect(await rightsOf(admin.user.id, organization.id)).not.toContain(name);
  });

  test("an owner puts an own permission into a role, gives it and invites with it", async () => {
    const { organization, api } = await buildTeam();
    const member = await buildMember(guildhall, organization, "member");
    const { id: permission, name } = await addToCatalogue();
    const created = await api.post("/api/roles", {
      data: {
        type: "role",
        attributes: { name: unique("Builder") },
        relationships: { organization: linkTo("organization", organization.id) },
      },
    });
    const role = created.body.data.id;
    const answers = [
      created,
      await api.post("/api/role-permissions", rolePermission(role, permission)),
      await api.post("/api/membership-roles", membershipRole(member.membership.id, role)),
      await api.post("/api/invitations", invitationTo(organization.id, uniqueEmail(), { role_ids: [role] })),
    ];
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    expect(await rightsOf(member.user.id, organization.id)).toContain(name);
  });

  test("an owner gives a role of the environment with an own permission", async () => {
    const { organization, api } = await buildTeam();
    const member = await buildMember(guildhall, organization, "member");
    const { name } = await addToCatalogue();
    const role = await buildRole(guildhall, [name]);
    const given = await api.post("/api/membership-roles", membershipRole(member.membership.id, role));
    expect(given.status).toBe(201);
  });

  test("an own permission lets the owner change nothing in the environment: 403", async () => {
    const { owner, api } = await buildTeam();
    const { id: permission, name } = await addToCatalogue();
    const role = await buildRole(guildhall, [name]);
    const answers = [
      await api.post("/api/user-roles", userRole(owner.user.id, role)),
      await api.post("/api/role-permissions", rolePermission(await buildRole(guildhall, []), permission)),
      await api.post("/api/permissions", {
        data: { type: "permission", attributes: { name: `${letters()}:read` } },
      }),
    ];
    for (const answer of answers) expect(answer).toMatchObject(refusal(403, "forbidden"));
  });

  test.each(["users:read", "users:manage", "sessions:read", "sessions:manage"])(
    "the owner lacks %s, which only counts in the environment",
    async (name) => {
      const { owner, organization, api } = await buildTeam();
      expect(await rightsOf(owner.user.id, organization.id)).not.toContain(name);
      const member = await buildMember(guildhall, organization, "member");
      const role = await buildRole(guildhall, [name]);
      const given = await api.post("/api/membership-roles", membershipRole(member.membership.id, role));
      expect(given).toMatchObject(refusal(403, "role_exceeds_own"));
    },
  );

  test("owners lack an environment_only permission until a program unmarks it", async () => {
    const { owner, organization } = await buildTeam();
    const staff = await buildMember(guildhall, organization, "admin");
    const { id, name } = await addToCatalogue({ environment_only: true });
    const has = async () => (await rightsOf(owner.user.id, organization.id)).includes(name);
    expect(await has()).toBe(false);
    const change = (environment_only: boolean) => ({
      data: { type: "permission", id, attributes: { environment_only } },
    });
    await giveInEnvironment(guildhall, staff.user, ["roles:manage"]);
    const byUser = await guildhall.api.as(staff.token).patch(`/api/permissions/${id}`, change(false));
    expect(byUser).toMatchObject(refusal(403, "program_only"));
    expect((await guildhall.api.patch(`/api/permissions/${id}`, change(false))).status).toBe(200);
    expect(await has()).toBe(true);

    const role = await buildRole(guildhall, [name]);
    const invitation = await invites(owner.token, organization, role);
    expect((await guildhall.api.patch(`/api/permissions/${id}`, change(true))).status).toBe(200);
    expect(await has()).toBe(false);
    expect(await statusOf(invitation)).toBe("revoked");
  });

  test("the migration gives owners the permissions that not only staff had", async () => {
    const { owner, organization } = await buildTeam();
    const [product, staffs] = [await addToCatalogue(), await addToCatalogue()];
    await giveInEnvironment(guildhall, (await buildPerson(guildhall)).user, [staffs.name]);
    const { rows } = await guildhall.db.transaction(async (trx) => {
      const text =
        "drop function give_owner_permission cascade; alter table permissions drop column environment_only";
      await trx.raw(text);
      await trx("role_permissions")
        .whereIn("permission_id", [product.id, staffs.id])
        .where({ role_id: await systemRole("owner") })
        .delete();
      await up(trx);
      const found = await trx.raw("select name from permissions_in(?, ?) as name", [
        owner.user.id,
        organization.id,
      ]);
      return found;
    });
    const names = rows.map(({ name }: { name: string }) => name);
    expect(names).toContain(product.name);
    expect(names).not.toContain(staffs.name);
    expect(names).not.toContain("users:read");
  });
});

describe("extending admin, billing and member", () => {
  test("a program extends a system role and the stronger ones with it", async () => {
    const { organization } = await buildTeam();
    const people = {
      admin: await buildMember(guildhall, organization, "admin"),
      billing: await buildMember(guildhall, organization, "billing"),
      member: await buildMember(guildhall, organization, "member"),
    };
    const { name } = await addToCatalogue();
    const having = async () => {
      const all = Object.entries(people).map(async ([role, { user }]) =>
        (await rightsOf(user.id, organization.id)).includes(name) ? [role] : [],
      );
      return (await Promise.all(all)).flat();
    };
    const billing = await addPermission(guildhall.api, await systemRole("billing"), name);
    expect(await having()).toEqual(["admin", "billing"]);

    const client = await buildClient(guildhall, [
      "role_permissions:write",
      "permissions:read",
      "role_permissions:delete",
    ]);
    const api = bearing(guildhall, await accessToken(guildhall, client));
    const member = await addPermission(api, await systemRole("member"), name);
    expect(await having()).toEqual(["admin", "billing", "member"]);

    const early = await api.delete(`/api/role-permissions/${billing}`);
    expect(early).toMatchObject(refusal(409, "lower_role_has_permission"));
    expect((await api.delete(`/api/role-permissions/${member}`)).status).toBe(204);
    expect((await api.delete(`/api/role-permissions/${billing}`)).status).toBe(204);
    expect(await having()).toEqual(["admin"]);
  });

  test("no user extends a system role: 403 system_role", async () => {
    const { user, token } = await buildPerson(guildhall);
    const { id, name } = await addToCatalogue();
    await giveInEnvironment(guildhall, user, ["roles:manage", name]);
    for (const role of ["admin", "billing", "member"] as const) {
      const document = rolePermission(await systemRole(role), id);
      const answer = await guildhall.api.as(token).post("/api/role-permissions", document);
      expect(answer).toMatchObject(refusal(403, "system_role"));
    }
  });

  test("extending a system role keeps the invitations of admins valid", async () => {
    const { organization } = await buildTeam();
    const admin = await buildMember(guildhall, organization, "admin");
    const invitations = [];
    for (const role of ["admin", "billing", "member"] as const)
      invitations.push(await invites(admin.token, organization, await systemRole(role)));
    const { name } = await addToCatalogue();
    await addPermission(guildhall.api, await systemRole("member"), name);
    for (const path of invitations) expect(await statusOf(path)).toBe("pending");
    await invites(admin.token, organization, await systemRole("member"));
  });

  test("extending a role revokes and counts invitations that now exceed inviters", async () => {
    const { organization, owner } = await buildTeam();
    const recruiter = await buildMember(guildhall, organization, "member");
    const managing = await buildRole(guildhall, ["members:manage", "events:read", "addresses:manage"]);
    await guildhall.api.post("/api/membership-roles", membershipRole(recruiter.membership.id, managing));
    const role = await buildRole(guildhall, ["addresses:manage"]);
    const [billing, kept, owners] = [
      await invites(recruiter.token, organization, role),
      await invites(recruiter.token, organization, await systemRole("member")),
      await invites(owner.token, organization, role),
    ];
    const { id } = await addToCatalogue();
    const answer = await guildhall.api.post("/api/role-permissions", rolePermission(role, id));
    expect(answer).toMatchObject({ status: 201, body: { meta: { revoked_invitations: 1 } } });
    expect([await statusOf(billing), await statusOf(kept), await statusOf(owners)]).toEqual([
      "revoked",
      "pending",
      "pending",
    ]);
    const [invitationId] = billing.split("/").slice(-1);
    const events = await guildhall
      .db("events")
      .where({ subject_id: invitationId, type: "invitation.revoked" });
    expect(events).toMatchObject([{ actor_kind: "operator", organization_id: organization.id }]);
  });

  test("removing an addition revokes the invitations that needed it", async () => {
    const { organization } = await buildTeam();
    const admin = await buildMember(guildhall, organization, "admin");
    const { name } = await addToCatalogue();
    const added = await addPermission(guildhall.api, await systemRole("admin"), name);
    const role = await buildRole(guildhall, [name]);
    const [needing, other] = [
      await invites(admin.token, organization, role),
      await invites(admin.token, organization, await systemRole("member")),
    ];
    expect((await guildhall.api.delete(`/api/role-permissions/${added}`)).status).toBe(204);
    expect([await statusOf(needing), await statusOf(other)]).toEqual(["revoked", "pending"]);
  });

  test("a system role can't have environment_only permissions", async () => {
    const { id } = await addToCatalogue({ environment_only: true });
    const document = rolePermission(await systemRole("member"), id);
    expect(await guildhall.api.post("/api/role-permissions", document)).toMatchObject(
      refusal(403, "system_role"),
    );
    const given = await addToCatalogue();
    await addPermission(guildhall.api, await systemRole("admin"), given.name);
    const change = { data: { type: "permission", id: given.id, attributes: { environment_only: true } } };
    const answer = await guildhall.api.patch(`/api/permissions/${given.id}`, change);
    expect(answer).toMatchObject(refusal(409, "permission_in_use"));
  });
});
