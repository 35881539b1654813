import { beforeAll, describe, expect, test } from "vitest";
import type { Api, ApiAnswer } from "./support/api.ts";
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
import { buildRole, giveInEnvironment, membershipRole, userRole } from "./support/roles.ts";

const guildhall = useGuildhall();
let environmentId: string;

beforeAll(async () => {
  environmentId = await buildEnvironment(guildhall);
});

/** Gives a role as a caller: in `organization`, or in the whole environment. */
type Path = (api: Api, organization: string, role: string) => Promise<ApiAnswer>;

const inOrganization: Record<string, Path> = {
  async "membership-roles"(api, organization, role) {
    const member = await buildMember(guildhall, await organizationOf(organization), "member");
    return api.post("/api/membership-roles", membershipRole(member.membership.id, role));
  },
  async memberships(api, organization, role) {
    const { user } = await buildPerson(guildhall);
    const relationships = {
      user: linkTo("user", user.id),
      organization: linkTo("organization", organization),
      roles: { data: [{ type: "role", id: role }] },
    };
    return api.post("/api/memberships", { data: { type: "membership", relationships } });
  },
  invitations: (api, organization, role) =>
    api.post("/api/invitations", invitationTo(organization, uniqueEmail(), { role_ids: [role] })),
};
const inEnvironment: Path = async (api, _, role) =>
  api.post("/api/user-roles", userRole((await buildPerson(guildhall)).user.id, role));
const paths = Object.entries({ ...inOrganization, "user-roles": inEnvironment });

async function organizationOf(id: string) {
  return guildhall.db("organizations").where({ id }).first();
}

async function buildTeam() {
  const owner = await buildPerson(guildhall);
  const organization = await buildOrganization(guildhall, owner, { member_management: "owner_and_admins" });
  const admin = await buildMember(guildhall, organization, "admin");
  return { organization, owner: guildhall.api.as(owner.token), admin: guildhall.api.as(admin.token) };
}

/** Somebody with these permissions in the whole environment. */
async function buildManager(...permissions: string[]): Promise<Api> {
  const { user, token } = await buildPerson(guildhall);
  await giveInEnvironment(guildhall, user, permissions);
  return guildhall.api.as(token);
}

/** Every row that gives somebody a role, now or later. */
async function holdings(role_id: string): Promise<number> {
  const tables = ["membership_roles", "user_roles", "invitation_roles"];
  const rows = await Promise.all(tables.map((table) => guildhall.db(table).where({ role_id })));
  return rows.flat().length;
}

describe.each(paths)("giving a role by %s", (name, give) => {
  test("nobody gives the role owner: 403 owner_not_grantable", async () => {
    const { organization, owner } = await buildTeam();
    const role = await roleId(guildhall, environmentId, "owner");
    const everything = await buildManager("users:manage", "members:manage");
    const before = await holdings(role);
    const askers = name === "user-roles" ? [everything, guildhall.api] : [owner, everything, guildhall.api];
    for (const api of askers) {
      expect(await give(api, organization.id, role)).toMatchObject(refusal(403, "owner_not_grantable"));
    }
    expect(await holdings(role)).toBe(before);
  });

  test("a role of another organization is a 404 for everyone", async () => {
    const [{ organization, owner }, { organization: other }] = [await buildTeam(), await buildTeam()];
    const role = await buildRole(guildhall, [], other.id);
    const askers = name === "user-roles" ? [guildhall.api] : [owner, guildhall.api];
    for (const api of askers) {
      expect(await give(api, organization.id, role)).toMatchObject(refusal(404, "not_found"));
    }
    expect(await holdings(role)).toBe(0);
  });

  test("an unknown role is a 404", async () => {
    const { organization } = await buildTeam();
    const unknown = "role_01h2xcejqtf2nbrexx3vqjhp41";
    expect(await give(guildhall.api, organization.id, unknown)).toMatchObject(refusal(404, "not_found"));
  });
});

describe.each(Object.entries(inOrganization))("giving a role by %s, in an organization", (_, give) => {
  test("an admin gives only roles within their own: 403 role_exceeds_own", async () => {
    const { organization, admin, owner } = await buildTeam();
    const within = await buildRole(guildhall, ["members:manage", "events:read"]);
    const beyond = await buildRole(guildhall, ["members:read", "organization:delete"], organization.id);
    expect(await give(admin, organization.id, within)).toMatchObject({ status: 201 });
    expect(await give(admin, organization.id, beyond)).toMatchObject(refusal(403, "role_exceeds_own"));
    expect(await holdings(beyond)).toBe(0);
    expect(await give(owner, organization.id, beyond)).toMatchObject({ status: 201 });
  });

  test("the owner gives no permission that owners lack", async () => {
    const { organization, owner } = await buildTeam();
    for (const permission of ["users:manage", "users:read", "sessions:read"]) {
      const role = await buildRole(guildhall, [permission]);
      expect(await give(owner, organization.id, role)).toMatchObject(refusal(403, "role_exceeds_own"));
      expect(await give(guildhall.api, organization.id, role)).toMatchObject({ status: 201 });
    }
  });

  test("a manager by an environment role gives only what they have there", async () => {
    const { organization } = await buildTeam();
    const manager = await buildManager("members:manage", "addresses:read");
    const within = await buildRole(guildhall, ["addresses:read"]);
    const beyond = await roleId(guildhall, environmentId, "member");
    expect(await give(manager, organization.id, within)).toMatchObject({ status: 201 });
    expect(await give(manager, organization.id, beyond)).toMatchObject(refusal(403, "role_exceeds_own"));
  });

  test("nobody gives a role without members:manage: 403", async () => {
    const { organization } = await buildTeam();
    const { token } = await buildMember(guildhall, organization, "member");
    const role = await roleId(guildhall, environmentId, "member");
    expect(await give(guildhall.api.as(token), organization.id, role)).toMatchObject(
      refusal(403, "forbidden"),
    );
    const outsider = guildhall.api.as((await buildPerson(guildhall)).token);
    expect(await give(outsider, organization.id, role)).toMatchObject(refusal(404, "not_found"));
  });
});

describe("giving a role by user-roles, in the environment", () => {
  test("rights in an organization don't count in the environment: 403 forbidden", async () => {
    const { owner, organization } = await buildTeam();
    const role = await buildRole(guildhall, []);
    expect(await inEnvironment(owner, organization.id, role)).toMatchObject(refusal(403, "forbidden"));
  });

  test("users give roles in the environment only within their own there", async () => {
    const manager = await buildManager("users:manage", "users:read");
    const within = await buildRole(guildhall, ["users:read"]);
    const beyond = await buildRole(guildhall, ["users:read", "sessions:manage"]);
    expect(await inEnvironment(manager, "", within)).toMatchObject({ status: 201 });
    expect(await inEnvironment(manager, "", beyond)).toMatchObject(refusal(403, "role_exceeds_own"));
    expect(await holdings(beyond)).toBe(0);
  });

  test("a role in the environment counts in every organization; twice is a 409", async () => {
    const owner = await buildPerson(guildhall);
    const organization = await buildOrganization(guildhall, owner);
    const { user, token } = await buildPerson(guildhall);
    const path = `/api/organizations/${organization.id}`;
    expect((await guildhall.api.as(token).get(path)).status).toBe(404);
    const document = userRole(user.id, await roleId(guildhall, environmentId, "admin"));
    expect((await guildhall.api.post("/api/user-roles", document)).status).toBe(201);
    expect((await guildhall.api.as(token).get(path)).status).toBe(200);
    const invited = await guildhall.api
      .as(token)
      .post("/api/invitations", invitationTo(organization.id, uniqueEmail()));
    expect(invited.status).toBe(201);
    expect(await guildhall.api.post("/api/user-roles", document)).toMatchObject(refusal(409, "role_granted"));
  });
});
