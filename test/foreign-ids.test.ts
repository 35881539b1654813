import { beforeAll, expect, test } from "vitest";
import { newId } from "../src/lib/id.ts";
import type { Organization } from "../src/models/organization.ts";
import { buildMember, buildOrganization, buildPerson, type Person, uniqueEmail } from "./support/builders.ts";
import { useGuildhall } from "./support/guildhall.ts";
import { buildRole } from "./support/roles.ts";

const guildhall = useGuildhall();
let ada: Person;
let own: Organization;
/** Ids of another organization, which Ada doesn't know. */
const foreign: Record<string, string> = {};

beforeAll(async () => {
  [ada, own] = await ownerWithOrganization();
  const [, other] = await ownerWithOrganization();
  const member = await buildMember(guildhall, other, "admin");
  const role = await buildRole(guildhall, ["members:read"], other.id);
  Object.assign(foreign, {
    org: other.id,
    user: member.user.id,
    orguser: (await guildhall.db("memberships").where({ user_id: member.user.id }).first()).id,
    role,
    roleperm: (await guildhall.db("role_permissions").where({ role_id: role }).first()).id,
  });
});

async function ownerWithOrganization(): Promise<[Person, Organization]> {
  const owner = await buildPerson(guildhall);
  return [owner, await buildOrganization(guildhall, owner)];
}

const link = (type: string, id: string) => ({ data: { type, id } });
const resource = (type: string, relationships: object, attributes = {}) => ({
  data: { type, attributes, relationships },
});
const permission = async () => (await guildhall.db("permissions").where({ name: "members:read" }).first()).id;

type Send = (id: string) => Promise<{ status: number; body: unknown }>;
const api = () => guildhall.api.as(ada.token);

const requests: [string, "org" | "user" | "orguser" | "role" | "roleperm", Send][] = [
  [
    "giving a permission to a role",
    "role",
    async (id) => {
      const links = { role: link("role", id), permission: link("permission", await permission()) };
      return api().post("/api/role-permissions", resource("role_permission", links));
    },
  ],
  ["taking a permission from a role", "roleperm", (id) => api().delete(`/api/role-permissions/${id}`)],
  [
    "changing a role",
    "role",
    (id) => api().patch(`/api/roles/${id}`, { data: { type: "role", id, attributes: { name: "x" } } }),
  ],
  ["deleting a role", "role", (id) => api().delete(`/api/roles/${id}`)],
  [
    "making a role",
    "org",
    (id) =>
      api().post("/api/roles", resource("role", { organization: link("organization", id) }, { name: "x" })),
  ],
  [
    "giving a member a role",
    "role",
    async (id) => {
      const membership = await guildhall.db("memberships").where({ user_id: ada.user.id }).first();
      const links = { membership: link("membership", membership.id), role: link("role", id) };
      return api().post("/api/membership-roles", resource("membership_role", links));
    },
  ],
  [
    "giving a role to a member",
    "orguser",
    async (id) => {
      const role = await guildhall.db("roles").where({ name: "billing", is_system: true }).first();
      const links = { membership: link("membership", id), role: link("role", role.id) };
      return api().post("/api/membership-roles", resource("membership_role", links));
    },
  ],
  [
    "making a member with a role",
    "role",
    async (id) => {
      const { user } = await buildPerson(guildhall);
      const links = {
        user: link("user", user.id),
        organization: link("organization", own.id),
        roles: { data: [{ type: "role", id }] },
      };
      return api().post("/api/memberships", resource("membership", links));
    },
  ],
  [
    "making a member of an organization",
    "org",
    (id) => {
      const links = { user: link("user", ada.user.id), organization: link("organization", id) };
      return api().post("/api/memberships", resource("membership", links));
    },
  ],
  [
    "inviting with a role",
    "role",
    (id) => {
      const attributes = { email: uniqueEmail(), role_ids: [id] };
      return api().post(
        "/api/invitations",
        resource("invitation", { organization: link("organization", own.id) }, attributes),
      );
    },
  ],
  [
    "inviting to an organization",
    "org",
    (id) =>
      api().post(
        "/api/invitations",
        resource("invitation", { organization: link("organization", id) }, { email: uniqueEmail() }),
      ),
  ],
  [
    "transferring an organization",
    "user",
    (id) => api().post(`/api/organizations/${own.id}/transfer-ownership`, { meta: { user_id: id } }),
  ],
  [
    "transferring by the Bridge API",
    "user",
    (id) => api().post(`/bridge-payment/organizations/${own.id}/transfer-ownership`, { user_id: id }),
  ],
  [
    "sharing an address with an organization",
    "org",
    (id) => api().post("/bridge-payment/addresses", { organization_id: id, line1: "1 Main St" }),
  ],
];

test.each(requests)("%s answers the same for a foreign and an unknown id (%s)", async (_, kind, send) => {
  const unknown = newId(kind);
  const known = foreign[kind] ?? "";
  const [one, other] = [await send(known), await send(unknown)];
  expect(one.status).toBeGreaterThanOrEqual(400);
  expect(plain(one, known)).toEqual(plain(other, unknown));
});

/** An answer without the parts that differ for every id and request. */
function plain({ status, body }: { status: number; body: unknown }, id: string) {
  const text = JSON.stringify(body).replaceAll(id, "ID");
  return { status, text: text.replace(/[\da-f]{8}-[\da-f]{4}-[\da-f-]+/g, "REQUEST") };
}
