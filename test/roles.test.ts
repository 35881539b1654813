import { beforeAll, describe, expect, test } from "vitest";
import type { SystemRoleName } from "../src/access/permissions.ts";
import { selectDemanded } from "../src/json-api/find-visible.ts";
import type { Viewer } from "../src/json-api/resource-type.ts";
import { roleType } from "../src/management/roles.ts";
import { accessToken, bearing, buildClient } from "./support/access-tokens.ts";
import type { Api } from "./support/api.ts";
import {
  buildEnvironment,
  buildMember,
  buildOrganization,
  buildPerson,
  roleId,
  unique,
} from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { linkTo } from "./support/one-of-everything.ts";
import { refusal } from "./support/refusal.ts";
import { addPermission, buildRole, giveInEnvironment, membershipRole, userRole } from "./support/roles.ts";

const guildhall = useGuildhall();
let environmentId: string;

beforeAll(async () => {
  environmentId = await buildEnvironment(guildhall);
});

function newRole(name: string, organizationId?: string, attributes: object = {}) {
  const relationships =
    organizationId === undefined ? {} : { organization: linkTo("organization", organizationId) };
  return { data: { type: "role", attributes: { name, ...attributes }, relationships } };
}

async function buildTeam() {
  const owner = await buildPerson(guildhall);
  const organization = await buildOrganization(guildhall, owner, { member_management: "owner_and_admins" });
  return { owner, organization, api: guildhall.api.as(owner.token) };
}

const countsOf = async (role: string, api: Api = guildhall.api) => {
  const { user_count, permission_count } = (await api.get(`/api/roles/${role}`)).body.data.attributes;
  return { user_count, permission_count };
};

describe("a role", () => {
  test("a role of the environment starts empty, is seen by all and can be renamed", async () => {
    const name = unique("Support");
    const created = await guildhall.api.post(
      "/api/roles",
      newRole(name, undefined, { description: "Helps" }),
    );
    expect(created).toMatchObject({
      status: 201,
      body: {
        data: {
          attributes: { name, description: "Helps", is_system: false, user_count: 0, permission_count: 0 },
          relationships: { organization: { data: null }, permissions: { data: [] } },
        },
      },
    });
    const { id, links } = created.body.data;
    expect(created.headers.get("Location")).toBe(links.self);
    expect((await guildhall.api.as((await buildPerson(guildhall)).token).get(links.self)).status).toBe(200);
    const attributes = { name: unique("Help"), description: null };
    const renamed = await guildhall.api.patch(links.self, { data: { type: "role", id, attributes } });
    expect(renamed).toMatchObject({ status: 200, body: { data: { id, attributes } } });
  });

  test("a role of an organization is seen only by its members", async () => {
    const { organization, api } = await buildTeam();
    const { organization: other, api: outsider } = await buildTeam();
    const name = unique("Buyer");
    const { body } = await guildhall.api.post("/api/roles", newRole(name, organization.id));
    expect(body.data.relationships.organization.data).toEqual({ type: "organization", id: organization.id });
    const { self } = body.data.links;
    const list = `/api/roles?filter[name]=${name}`;
    expect((await api.get(list)).body.data).toMatchObject([{ id: body.data.id }]);
    expect((await outsider.get(list)).body.data).toEqual([]);
    expect(await outsider.get(self)).toMatchObject(refusal(404, "not_found"));
    expect((await outsider.get(`/api/organizations/${other.id}/roles`)).body.data).toEqual([]);
  });

  test("a role's name is unique in its environment or organization: 409 name_taken", async () => {
    const [{ organization }, { organization: other }] = [await buildTeam(), await buildTeam()];
    const name = unique("Auditor");
    for (const document of [newRole(name), newRole(name, organization.id), newRole(name, other.id)]) {
      expect((await guildhall.api.post("/api/roles", document)).status).toBe(201);
      expect(await guildhall.api.post("/api/roles", document)).toMatchObject(refusal(409, "name_taken"));
    }
    const { id, links } = (await guildhall.api.post("/api/roles", newRole(unique("Other")))).body.data;
    for (const taken of [name, "owner"]) {
      const document = { data: { type: "role", id, attributes: { name: taken } } };
      expect(await guildhall.api.patch(links.self, document)).toMatchObject(refusal(409, "name_taken"));
    }
  });

  test("creating a role twenty times at once creates one", async () => {
    const document = newRole(unique("Storm"));
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => guildhall.api.post("/api/roles", document)),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409)).toHaveLength(19);
  });

  test("a role counts its permissions, and each holder once", async () => {
    const { organization, owner } = await buildTeam();
    const { organization: other } = await buildTeam();
    const role = await buildRole(guildhall, ["members:read", "organization:read"]);
    expect(await countsOf(role)).toEqual({ user_count: 0, permission_count: 2 });
    const member = await buildMember(guildhall, organization, "member");
    const document = { user: linkTo("user", member.user.id), organization: linkTo("organization", other.id) };
    const second = await guildhall.api.post("/api/memberships", {
      data: { type: "membership", relationships: document },
    });
    await guildhall.api.post("/api/membership-roles", membershipRole(member.membership.id, role));
    await guildhall.api.post("/api/membership-roles", membershipRole(second.body.data.id, role));
    await guildhall.api.post("/api/user-roles", userRole(member.user.id, role));
    expect(await countsOf(role)).toEqual({ user_count: 1, permission_count: 2 });
    await guildhall.api.post("/api/user-roles", userRole(owner.user.id, role));
    expect((await countsOf(role)).user_count).toBe(2);
  });
});

describe("the number of users with a role", () => {
  test("user_count of an environment role needs users:read", async () => {
    const { organization, owner, api } = await buildTeam();
    const id = await roleId(guildhall, environmentId, "owner");
    const staff = await buildPerson(guildhall);
    await giveInEnvironment(guildhall, staff.user, ["users:read"]);
    const client = async (...scopes: string[]) =>
      bearing(guildhall, await accessToken(guildhall, await buildClient(guildhall, scopes)));
    const knowing = [guildhall.api.as(staff.token), await client("roles:read", "users:read")];
    for (const asked of [guildhall.api, ...knowing])
      expect((await countsOf(id, asked)).user_count).toBeGreaterThanOrEqual(1);
    const membership = await guildhall.db("memberships").where({ organization_id: organization.id }).first();
    const ways = [
      `/api/roles/${id}`,
      `/api/roles/${id}?fields[role]=name,user_count`,
      "/api/roles?fields[role]=name,user_count",
      `/api/memberships/${membership.id}/roles?fields[role]=name,user_count`,
      `/api/memberships?include=roles&fields[role]=name,user_count`,
      `/api/users/${owner.user.id}?include=memberships.roles&fields[role]=name,user_count`,
    ];
    for (const way of ways) {
      const { status, body } = await api.get(way);
      expect(status, way).toBe(200);
      expect(JSON.stringify(body), way).not.toContain('"user_count":');
    }
    expect((await countsOf(id, await client("roles:read"))).user_count).toBeUndefined();
  });

  test("members see user_count of their organization's roles", async () => {
    const { organization, api } = await buildTeam();
    const role = await buildRole(guildhall, [], organization.id);
    const { membership } = await buildMember(guildhall, organization, "member");
    await guildhall.api.post("/api/membership-roles", membershipRole(membership.id, role));
    expect((await countsOf(role, api)).user_count).toBe(1);
    const { body } = await api.get(`/api/organizations/${organization.id}/roles?fields[role]=user_count`);
    expect(body.data).toMatchObject([{ id: role, attributes: { user_count: 1 } }]);
  });

  test("user_count of included roles is counted only if a field names it", async () => {
    const role = await buildRole(guildhall, ["members:read"]);
    const first = async (query: string) => {
      const { body } = await guildhall.api.get(
        `/api/role-permissions?filter[role]=${role}&include=role${query}`,
      );
      return body.included[0].attributes;
    };
    expect(await first("")).not.toHaveProperty("user_count");
    expect(await first("&fields[role]=user_count")).toEqual({ user_count: 0 });
    const { name } = await guildhall.db("roles").where({ id: role }).first("name");
    const { body } = await guildhall.api.get(`/api/roles?filter[name]=${name}`);
    expect(body.data[0].attributes).toMatchObject({ user_count: 0, permission_count: 1 });
  });

  test("user_count reads a bounded number of rows unless it is named", async () => {
    const { organization, owner } = await buildTeam();
    const role = await buildRole(guildhall, [], organization.id);
    await guildhall.db.raw(
      `with people as (
         insert into users (id, environment_id, email, email_canonical)
         select 'user_' || n, :environment, n || '@many.example', n || '@many.example'
         from generate_series(1, 3000) n returning id, environment_id
       ), joined as (
         insert into memberships (id, environment_id, organization_id, user_id)
         select 'orguser_' || id, environment_id, :organization, id from people returning id, environment_id
       )
       insert into membership_roles (id, environment_id, membership_id, role_id)
       select 'orguserrole_' || id, environment_id, id, :role from joined`,
      { environment: environmentId, organization: organization.id, role },
    );
    const member: Viewer = {
      db: guildhall.db,
      environment_id: environmentId,
      caller: {
        ...{ kind: "user", user_id: owner.user.id, session_id: "" },
        ...{ email_canonical: owner.user.email, email_verified: true },
      },
      environment_permissions: [],
    };
    const rowsRead = (viewer: Viewer, primary: boolean, demanded: string[] | null = null) =>
      guildhall.db.transaction(async (db) => {
        const shown = { primary, demanded };
        const asking = { ...viewer, db };
        // This connection's own reads, some of them older.
        const read = async () => {
          const { rows } = await db.raw(
            `select sum(idx_tup_fetch + seq_tup_read)::int as read from pg_stat_xact_user_tables
             where relname in ('memberships', 'membership_roles', 'user_roles')`,
          );
          return rows[0].read;
        };
        const before = await read();
        await selectDemanded(roleType.visible(asking).where("roles.id", role), roleType, asking, shown);
        return (await read()) - before;
      });
    const operator: Viewer = { ...member, caller: { kind: "operator" } };
    expect(await rowsRead(member, false)).toBeLessThan(100);
    expect(await rowsRead(member, true)).toBeLessThan(2_500);
    expect(await rowsRead(operator, true)).toBeLessThan(2_500);
    expect(await rowsRead(member, false, ["user_count"])).toBeLessThan(2_500);
    expect((await countsOf(role)).user_count).toBeUndefined();
    const { body } = await guildhall.api.get(`/api/roles/${role}?fields[role]=user_count`);
    expect(body.data.attributes).toEqual({ user_count: 3_000 });
  });
});

describe.each(["owner", "admin", "billing", "member"] as SystemRoleName[])("the system role %s", (name) => {
  test("the system role can't be changed or deleted by anyone: 403 system_role", async () => {
    const id = await roleId(guildhall, environmentId, name);
    const { user, token } = await buildPerson(guildhall);
    await giveInEnvironment(guildhall, user, ["roles:manage", "addresses:read", "users:read"]);
    const { body } = await guildhall.api.get(`/api/role-permissions?filter[role]=${id}`);
    const permission = (await guildhall.api.get("/api/permissions?filter[name]=users:read")).body.data[0].id;
    const grant = { role: linkTo("role", id), permission: linkTo("permission", permission) };
    const before = await countsOf(id);
    for (const api of [guildhall.api, guildhall.api.as(token)]) {
      const answers = [
        await api.patch(`/api/roles/${id}`, { data: { type: "role", id, attributes: { description: "x" } } }),
        await api.delete(`/api/roles/${id}`),
        await api.post("/api/role-permissions", { data: { type: "role_permission", relationships: grant } }),
        await api.delete(`/api/role-permissions/${body.data[0].id}`),
      ];
      for (const answer of answers) expect(answer).toMatchObject(refusal(403, "system_role"));
    }
    expect(await countsOf(id)).toEqual(before);
  });
});

describe("a role in use is not deleted: 409 role_in_use", () => {
  test.each(["a member", "a user", "a pending invitation"])("by %s", async (who) => {
    const { organization } = await buildTeam();
    const { user, membership } = await buildMember(guildhall, organization, "member");
    const role = await buildRole(guildhall, ["members:read"]);
    const used = {
      "a member": () => guildhall.api.post("/api/membership-roles", membershipRole(membership.id, role)),
      "a user": () => guildhall.api.post("/api/user-roles", userRole(user.id, role)),
      "a pending invitation": () =>
        guildhall.api.post("/api/invitations", {
          data: {
            type: "invitation",
            attributes: { email: `${unique("i")}@example.com`, role_ids: [role] },
            relationships: { organization: linkTo("organization", organization.id) },
          },
        }),
    }[who];
    const { body } = (await used?.()) ?? {};
    const path = `/api/roles/${role}`;
    expect(await guildhall.api.delete(path)).toMatchObject(refusal(409, "role_in_use"));
    if (who === "a pending invitation") await guildhall.api.post(`${body.data.links.self}/revoke`);
    else await guildhall.api.delete(body.data.links.self);
    expect(await guildhall.api.delete(path)).toMatchObject({ status: 204 });
    expect(await guildhall.api.get(path)).toMatchObject({ status: 404 });
    expect((await guildhall.api.get(`/api/role-permissions?filter[role]=${role}`)).body.data).toEqual([]);
  });
});

describe("a member with several roles", () => {
  test("a member with several roles may do what any of them allows", async () => {
    const { organization, api } = await buildTeam();
    const { membership, token } = await buildMember(guildhall, organization, "member");
    const update = await buildRole(guildhall, ["organization:update"], organization.id);
    const path = `/api/organizations/${organization.id}`;
    const document = { data: { type: "organization", id: organization.id, attributes: { country: "DE" } } };
    const rename = () => guildhall.api.as(token).patch(path, document);
    expect((await rename()).status).toBe(403);

    const given = await api.post("/api/membership-roles", membershipRole(membership.id, update));
    expect(given).toMatchObject({ status: 201, body: { data: { attributes: {} } } });
    expect((await api.get(`/api/memberships/${membership.id}/roles`)).body.data).toHaveLength(2);
    expect((await rename()).status).toBe(200);
    const again = await api.post("/api/membership-roles", membershipRole(membership.id, update));
    expect(again).toMatchObject(refusal(409, "role_granted"));
    expect((await api.delete(given.body.data.links.self)).status).toBe(204);
    expect((await rename()).status).toBe(403);
  });

  test("a permission added to a role counts at once", async () => {
    const { organization, api } = await buildTeam();
    const { membership, token } = await buildMember(guildhall, organization, "member");
    const role = await buildRole(guildhall, ["members:read"]);
    await api.post("/api/membership-roles", membershipRole(membership.id, role));
    const events = async () =>
      (await guildhall.api.as(token).get(`/api/events?filter[organization]=${organization.id}`)).body.data
        .length;
    expect(await events()).toBe(0);
    await addPermission(guildhall.api, role, "events:read");
    expect(await events()).toBeGreaterThan(0);
  });
});
