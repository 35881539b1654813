import { beforeAll, describe, expect, test } from "vitest";
import type { SystemRoleName } from "../src/access/permissions.ts";
import type { Organization } from "../src/models/organization.ts";
import { accessToken, bearing, buildClient } from "./support/access-tokens.ts";
import type { Api } from "./support/api.ts";
import {
  buildEnvironment,
  buildMember,
  buildOrganization,
  buildPerson,
  invitationTo,
  roleId,
  uniqueEmail,
} from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { linkTo } from "./support/one-of-everything.ts";
import { refusal } from "./support/refusal.ts";
import { buildRole, giveInEnvironment, membershipRole } from "./support/roles.ts";

const guildhall = useGuildhall();
let roles: Record<SystemRoleName, string>;

beforeAll(async () => {
  const id = await buildEnvironment(guildhall);
  const of = (name: SystemRoleName) => roleId(guildhall, id, name);
  roles = {
    owner: await of("owner"),
    admin: await of("admin"),
    billing: await of("billing"),
    member: await of("member"),
  };
});

async function buildTeam() {
  const owner = await buildPerson(guildhall);
  const organization = await buildOrganization(guildhall, owner, { member_management: "owner_and_admins" });
  const admin = await buildMember(guildhall, organization, "admin");
  const member = await buildMember(guildhall, organization, "member");
  return { owner, organization, admin, member, api: guildhall.api.as(owner.token) };
}

const identifiers = (ids: string[]) => ids.map((id) => ({ type: "role", id }));

/** Replaces a member's roles: in the resource, or by the relationship. */
const WAYS = {
  "PATCH of the membership": (api: Api, id: string, ids: string[]) =>
    api.patch(`/api/memberships/${id}`, {
      data: { type: "membership", id, relationships: { roles: { data: identifiers(ids) } } },
    }),
  "PATCH of its relationship": (api: Api, id: string, ids: string[]) =>
    api.patch(`/api/memberships/${id}/relationships/roles`, { data: identifiers(ids) }),
};

async function rolesOf(membership: string): Promise<string[]> {
  const { body } = await guildhall.api.get(`/api/memberships/${membership}`);
  return body.data.relationships.roles.data.map(({ id }: { id: string }) => id).sort();
}

async function eventsOf(membership: string): Promise<Array<{ type: string; data: { role_id?: string } }>> {
  const { db } = guildhall;
  return db("events")
    .where({ subject_id: membership })
    .whereLike("type", "membership_role.%")
    .select("type", "data");
}

async function owns(organization: Organization, membership: string): Promise<boolean> {
  const row = await guildhall.db("memberships").where({ id: membership }).first();
  const { owner_user_id } = await guildhall.db("organizations").where({ id: organization.id }).first();
  return row.user_id === owner_user_id;
}

describe.each(Object.entries(WAYS))("a member's roles, replaced by one %s,", (way, replace) => {
  const pointer = way === "PATCH of the membership" ? "/data/relationships/roles" : "/data";

  test("replacing a member's roles makes an event for each one added or removed", async () => {
    const { organization, member, api } = await buildTeam();
    const own = await buildRole(guildhall, ["payments:read"], organization.id);
    const { id } = member.membership;
    await api.post("/api/membership-roles", membershipRole(id, own));
    expect((await replace(api, id, [roles.admin, own, roles.admin])).status).toBeLessThan(300);
    expect(await rolesOf(id)).toEqual([roles.admin, own].sort());
    expect(await eventsOf(id)).toEqual([
      { type: "membership_role.created", data: { role_id: own } },
      { type: "membership_role.created", data: { role_id: roles.admin } },
      { type: "membership_role.deleted", data: { role_id: roles.member } },
    ]);
    expect((await replace(api, id, [])).status).toBeLessThan(300);
    expect(await rolesOf(id)).toEqual([]);
  });

  test("replacing roles revokes invitations the member could no longer send", async () => {
    const { organization, admin, api } = await buildTeam();
    const sent = await guildhall.api
      .as(admin.token)
      .post("/api/invitations", invitationTo(organization.id, uniqueEmail()));
    expect(sent.status).toBe(201);
    await replace(api, admin.membership.id, [roles.billing]);
    const { body } = await guildhall.api.get(sent.body.data.links.self);
    expect(body.data.attributes.status).toBe("revoked");
  });

  test("replacing roles changes nothing if one of them can't be given or taken", async () => {
    const { organization, member, admin, api } = await buildTeam();
    const { id } = member.membership;
    const beyond = await buildRole(guildhall, ["organization:delete"]);
    const foreign = await buildRole(guildhall, [], (await buildTeam()).organization.id);
    const cases: Array<[Api, string[], object]> = [
      [api, [roles.admin, roles.owner], refusal(403, "owner_not_grantable", { pointer })],
      [api, [roles.admin, foreign], refusal(404, "not_found", { pointer })],
      [api, [roles.admin, "nonsense"], refusal(404, "not_found", { pointer })],
      [guildhall.api.as(admin.token), [roles.admin, beyond], refusal(403, "role_exceeds_own", { pointer })],
      [guildhall.api.as(member.token), [roles.admin], refusal(403, "forbidden")],
      [guildhall.api.as((await buildPerson(guildhall)).token), [roles.admin], refusal(404, "not_found")],
    ];
    for (const [by, ids, answer] of cases) expect(await replace(by, id, ids)).toMatchObject(answer);
    expect(await rolesOf(id)).toEqual([roles.member]);

    await guildhall.api.post("/api/membership-roles", membershipRole(id, beyond));
    const taken = await replace(guildhall.api.as(admin.token), id, [roles.member]);
    expect(taken).toMatchObject(refusal(403, "role_exceeds_own", { pointer }));
    expect(await rolesOf(id)).toEqual([roles.member, beyond].sort());
    expect((await replace(guildhall.api.as(admin.token), id, [beyond])).status).toBeLessThan(300);
    expect(await owns(organization, id)).toBe(false);
  });

  test("the owner's roles always include owner: 409 owner_stays", async () => {
    const { organization, owner, api } = await buildTeam();
    const where = { organization_id: organization.id, user_id: owner.user.id };
    const { id } = await guildhall.db("memberships").where(where).first();
    expect(await replace(api, id, [roles.admin])).toMatchObject(refusal(409, "owner_stays", { pointer }));
    expect((await replace(api, id, [roles.owner, roles.admin])).status).toBeLessThan(300);
    expect(await rolesOf(id)).toEqual([roles.owner, roles.admin].sort());
  });

  test("replacing roles twenty times at once leaves one of the lists", async () => {
    const { member, api } = await buildTeam();
    const { id } = member.membership;
    const lists = [[roles.admin], [roles.billing, roles.member]];
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => replace(api, id, lists[n % 2] ?? [])),
    );
    for (const { status } of answers) expect(status).toBeLessThan(300);
    expect(lists.map((list) => list.toSorted())).toContainEqual(await rolesOf(id));
  });
});

test("a membership's roles and metadata are changed at once, or neither", async () => {
  const { member, api } = await buildTeam();
  const { id } = member.membership;
  const patch = (ids: string[]) => {
    const relationships = { roles: { data: identifiers(ids) } };
    return api.patch(`/api/memberships/${id}`, {
      data: { type: "membership", id, attributes: { metadata: { seat: 7 } }, relationships },
    });
  };
  expect(await patch([roles.owner])).toMatchObject(refusal(403, "owner_not_grantable"));
  expect((await guildhall.api.get(`/api/memberships/${id}`)).body.data.attributes.metadata).toEqual({});
  expect(await patch([roles.billing])).toMatchObject({
    status: 200,
    body: {
      data: {
        attributes: { metadata: { seat: 7 } },
        relationships: { roles: { data: [{ type: "role", id: roles.billing }] } },
      },
    },
  });
});

test("the roles relationship takes a list of resources with type and id: 422", async () => {
  const { member, api } = await buildTeam();
  const path = `/api/memberships/${member.membership.id}/relationships/roles`;
  for (const data of [
    null,
    { type: "role", id: roles.admin },
    [roles.admin],
    [{ type: "user", id: roles.admin }],
  ])
    expect(await api.patch(path, { data })).toMatchObject(
      refusal(422, "invalid_relationship", { pointer: "/data" }),
    );
  expect(await rolesOf(member.membership.id)).toEqual([roles.member]);
});

describe("assignable roles of an organization", () => {
  const listed = async (api: Api, { id }: Organization, query = "?page[size]=100") => {
    const { status, body } = await api.get(`/api/organizations/${id}/assignable-roles${query}`);
    expect(status, JSON.stringify(body)).toBe(200);
    return body.data.map((role: { id: string }) => role.id) as string[];
  };

  test("assignable roles are within the caller's rights, and never owner or foreign", async () => {
    const { organization, admin, member, api } = await buildTeam();
    const everywhere = await buildRole(guildhall, ["organization:delete"]);
    const own = await buildRole(guildhall, ["payments:read"], organization.id);
    const foreign = await buildRole(guildhall, [], (await buildTeam()).organization.id);
    const staff = await buildRole(guildhall, ["users:read"]);
    const client = await buildClient(guildhall, ["roles:read"]);
    const program = bearing(guildhall, await accessToken(guildhall, client));

    const [byOwner, byAdmin] = [
      await listed(api, organization),
      await listed(guildhall.api.as(admin.token), organization),
    ];
    const common = [roles.admin, roles.billing, roles.member, own];
    expect(byOwner).toEqual(expect.arrayContaining([...common, everywhere]));
    expect(byAdmin).toEqual(expect.arrayContaining(common));
    for (const role of [roles.owner, foreign, staff]) expect(byOwner).not.toContain(role);
    expect(byAdmin).not.toContain(everywhere);
    for (const by of [guildhall.api, program]) {
      const all = await listed(by, organization);
      expect(all).toEqual(expect.arrayContaining([...common, everywhere, staff]));
      for (const role of [roles.owner, foreign]) expect(all).not.toContain(role);
    }
    expect(await listed(guildhall.api.as(member.token), organization)).toEqual([]);
    const outsider = guildhall.api.as((await buildPerson(guildhall)).token);
    const answer = await outsider.get(`/api/organizations/${organization.id}/assignable-roles`);
    expect(answer).toMatchObject(refusal(404, "not_found"));
  });

  test("every assignable role can be given, and no other can", async () => {
    const { organization, admin, member } = await buildTeam();
    const api = guildhall.api.as(admin.token);
    const assignable = await listed(api, organization);
    const all = (await guildhall.api.get("/api/roles?page[size]=100")).body.data.map(
      ({ id }: { id: string }) => id,
    );
    for (const role of all) {
      const given = await WAYS["PATCH of the membership"](api, member.membership.id, [role]);
      expect(given.status < 300, role).toBe(assignable.includes(role));
    }
  });

  test("assignable roles are sorted, filtered and paged like any list", async () => {
    const { organization, api } = await buildTeam();
    expect(await listed(api, organization, "?filter[name]=billing")).toEqual([roles.billing]);
    const first = await api.get(
      `/api/organizations/${organization.id}/assignable-roles?page[size]=1&sort=name`,
    );
    expect(first.body.data).toHaveLength(1);
    const second = await api.get(first.body.links.next);
    expect(second.body.data[0].id).not.toBe(first.body.data[0].id);
  });
});

describe("a user whose inviting is paused", () => {
  test("a paused user can't add members, a program can: 429 inviting_paused", async () => {
    const { organization, owner, api } = await buildTeam();
    const inviting_paused_until = new Date(Date.now() + 3_600_000);
    await guildhall.db("users").where({ id: owner.user.id }).update({ inviting_paused_until });
    const { user } = await buildPerson(guildhall);
    const relationships = {
      user: linkTo("user", user.id),
      organization: linkTo("organization", organization.id),
    };
    const document = { data: { type: "membership", relationships } };
    expect(await api.post("/api/memberships", document)).toMatchObject(refusal(429, "inviting_paused"));
    expect((await guildhall.api.post("/api/memberships", document)).status).toBe(201);
  });
});

describe("taking a permission from a role of the environment", () => {
  test("accepting and taking a permission from the role don't deadlock", async () => {
    const { organization } = await buildTeam();
    for (let round = 0; round < 10; round += 1) {
      const inviter = await buildPerson(guildhall);
      await giveInEnvironment(guildhall, inviter.user, ["members:manage", "organization:read"]);
      const inviterRole = await guildhall.db("user_roles").where({ user_id: inviter.user.id }).first();
      const invitee = await buildPerson(guildhall);
      const document = invitationTo(organization.id, invitee.user.email, { role_ids: [inviterRole.role_id] });
      const { body } = await guildhall.api.as(inviter.token).post("/api/invitations", document);
      const { body: grants } = await guildhall.api.get(
        `/api/role-permissions?filter[role]=${inviterRole.role_id}`,
      );
      const [accepted, removed] = await Promise.all([
        guildhall.api.as(invitee.token).post(`/api/invitations/${body.data.id}/accept`, {}),
        guildhall.api.delete(`/api/role-permissions/${grants.data[0].id}`),
      ]);
      expect([200, 409], JSON.stringify(accepted.body)).toContain(accepted.status);
      expect(removed.status).toBe(204);
    }
  });
});
