import { describe, expect, test } from "vitest";
import { buildMember, buildOrganization, buildPerson, unique } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { linkTo } from "./support/one-of-everything.ts";
import { refusal } from "./support/refusal.ts";
import { buildRole, giveInEnvironment, membershipRole, rolePermission } from "./support/roles.ts";

const guildhall = useGuildhall();

const absent = refusal(404, "not_found");

/** A member of a new organization whose own role lets them manage its roles. */
async function buildManager(permissions = ["organization:read", "members:read", "roles:manage"]) {
  const owner = await buildPerson(guildhall);
  const organization = await buildOrganization(guildhall, owner);
  const { membership, token } = await buildMember(guildhall, organization, "billing");
  const role = await buildRole(guildhall, permissions, organization.id);
  await guildhall.api.post("/api/membership-roles", membershipRole(membership.id, role));
  return { owner, organization, api: guildhall.api.as(token) };
}

function newRole(organizationId?: string) {
  const relationships =
    organizationId === undefined ? {} : { organization: linkTo("organization", organizationId) };
  return { data: { type: "role", attributes: { name: unique("role") }, relationships } };
}

const rename = (id: string) => ({ data: { type: "role", id, attributes: { name: unique("renamed") } } });

async function permissionId(name: string): Promise<string> {
  return (await guildhall.api.get(`/api/permissions?filter[name]=${name}`)).body.data[0].id;
}

describe("a manager of an organization's roles", () => {
  test("a manager of an organization's roles creates, changes and deletes them", async () => {
    const { organization, api } = await buildManager();
    const created = await api.post("/api/roles", newRole(organization.id));
    expect(created.status).toBe(201);
    const { id, links } = created.body.data;
    expect((await api.patch(links.self, rename(id))).status).toBe(200);
    const own = await permissionId("payments:manage");
    const given = await api.post("/api/role-permissions", rolePermission(id, own));
    expect(given.status).toBe(201);
    const again = await api.post("/api/role-permissions", rolePermission(id, own));
    expect(again).toMatchObject(refusal(409, "permission_granted"));
    expect((await api.delete(given.body.data.links.self)).status).toBe(204);
    expect((await api.delete(links.self)).status).toBe(204);
  });

  test("a manager gives a role no permission they lack: 403 role_exceeds_own", async () => {
    const { organization, api } = await buildManager();
    const { id } = (await api.post("/api/roles", newRole(organization.id))).body.data;
    for (const name of ["organization:delete", "members:manage", "users:manage"]) {
      const answer = await api.post("/api/role-permissions", rolePermission(id, await permissionId(name)));
      expect(answer).toMatchObject(refusal(403, "role_exceeds_own"));
      expect(answer.body.errors[0].detail).toContain(name);
    }
    expect((await guildhall.api.get(`/api/roles/${id}`)).body.data.attributes.permission_count).toBe(0);
  });

  test("a manager changes no environment role, and gets 404 for foreign ones", async () => {
    const { api } = await buildManager();
    const { organization: other } = await buildManager();
    const permission = await permissionId("payments:manage");
    const everywhere = await buildRole(guildhall, ["members:read"]);
    const foreign = await buildRole(guildhall, ["members:read"], other.id);
    const cases = [
      [everywhere, refusal(403, "forbidden")],
      [foreign, absent],
      ["role_01h2xcejqtf2nbrexx3vqjhp41", absent],
    ] as const;
    for (const [id, expected] of cases) {
      const held = (await guildhall.api.get(`/api/role-permissions?filter[role]=${id}`)).body.data[0]?.id;
      expect(await api.patch(`/api/roles/${id}`, rename(id))).toMatchObject(expected);
      expect(await api.delete(`/api/roles/${id}`)).toMatchObject(expected);
      expect(await api.post("/api/role-permissions", rolePermission(id, permission))).toMatchObject(expected);
      const path = `/api/role-permissions/${held ?? "roleperm_01h2xcejqtf2nbrexx3vqjhp41"}`;
      expect(await api.delete(path)).toMatchObject(expected);
    }
    expect(await api.post("/api/roles", newRole())).toMatchObject(refusal(403, "forbidden"));
    expect(await api.post("/api/roles", newRole(other.id))).toMatchObject(absent);
  });

  test("a manager gets their write back even without the right to read", async () => {
    const { organization, api } = await buildManager(["roles:manage"]);
    await guildhall
      .db("membership_roles")
      .whereIn("role_id", guildhall.db("roles").select("id").where({ name: "billing" }))
      .delete();
    const created = await api.post("/api/roles", newRole(organization.id));
    expect(created.status).toBe(201);
    const { id, links } = created.body.data;
    expect((await api.patch(links.self, rename(id))).status).toBe(200);
    expect((await api.get(links.self)).status).toBe(404);
  });
});

describe("a manager of the environment's roles", () => {
  test("a manager of the environment's roles manages every organization's, too", async () => {
    const { organization } = await buildManager();
    const { user, token } = await buildPerson(guildhall);
    await giveInEnvironment(guildhall, user, ["roles:manage", "members:read"]);
    const api = guildhall.api.as(token);
    for (const id of [undefined, organization.id]) {
      const created = await api.post("/api/roles", newRole(id));
      expect(created.status).toBe(201);
      const role = created.body.data.id;
      const give = async (name: string) =>
        (await api.post("/api/role-permissions", rolePermission(role, await permissionId(name)))).status;
      expect(await give("members:read")).toBe(201);
      expect(await give("members:manage")).toBe(403);
    }
  });

  test("a role of an organization being deleted is 404 and unchanged", async () => {
    const { organization } = await buildManager();
    const id = await buildRole(guildhall, ["members:read"], organization.id);
    const held = (await guildhall.api.get(`/api/role-permissions?filter[role]=${id}`)).body.data[0].id;
    const before = await guildhall.db("roles").where({ id }).first();
    await guildhall.api.delete(`/api/organizations/${organization.id}`);
    expect(await guildhall.api.patch(`/api/roles/${id}`, rename(id))).toMatchObject(absent);
    expect(await guildhall.api.delete(`/api/roles/${id}`)).toMatchObject(absent);
    expect(await guildhall.api.delete(`/api/role-permissions/${held}`)).toMatchObject(absent);
    const document = rolePermission(id, await permissionId("payments:manage"));
    expect(await guildhall.api.post("/api/role-permissions", document)).toMatchObject(absent);
    expect(await guildhall.db("roles").where({ id }).first()).toEqual(before);
    expect(await guildhall.db("role_permissions").where({ role_id: id })).toHaveLength(1);
  });
});
