import type { Organization } from "../../src/models/organization.ts";
import { batchTo, taken } from "./batches.ts";
import {
  buildEnvironment,
  buildOrganization,
  buildPerson,
  invitationTo,
  type Person,
  unique,
  uniqueEmail,
} from "./builders.ts";
import type { Guildhall } from "./guildhall.ts";

/** An environment with one of each resource. */
export interface World {
  handle: string;
  owner: Person;
  organization: Organization;
  /** One id from each collection, by its path below `/api`. */
  ids: Record<string, string>;
  /** The role of the membership and the user. */
  granted: string;
}

/** Creates one of each resource over the API, as the operator. The role is the organization's own, and nobody has it. */
export async function buildWorld(guildhall: Guildhall, handle = "acme-test"): Promise<World> {
  const api = guildhall.api.in(handle);
  const owner = await buildPerson(guildhall, { environment: handle });
  const organization = await buildOrganization(guildhall, owner);
  const user = linkTo("user", owner.user.id);
  const organizationLink = linkTo("organization", organization.id);
  const create = async (path: string, type: string, attributes: object, relationships: object = {}) => {
    const { status, body } = await api.post(`/api/${path}`, { data: { type, attributes, relationships } });
    if (status !== 201) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
    return String(body.data.id);
  };
  const first = async (path: string) => String((await api.get(path)).body.data[0].id);

  const permissions = await create("permissions", "permission", { name: `invoices:${letters()}` });
  const permission = linkTo("permission", permissions);
  const granted = await create("roles", "role", { name: unique("granted") });
  const role = linkTo("role", granted);
  const roles = await create("roles", "role", { name: unique("own") }, { organization: organizationLink });
  const invited = await api
    .as(owner.token)
    .post("/api/invitations", invitationTo(organization.id, uniqueEmail()));
  const invitations = String(invited.body.data.id);
  const batch = await api.post(
    "/api/invitation-batches",
    batchTo(organization.id, [{ email: uniqueEmail() }]),
  );
  const batches = taken(batch);
  const memberships = await first(`/api/memberships?filter[organization]=${organization.id}`);
  const membership = linkTo("membership", memberships);
  const doomed = await buildOrganization(guildhall, owner);
  const host = await buildOrganization(guildhall, await buildPerson(guildhall, { environment: handle }));
  const received = await api.post("/api/invitations", invitationTo(host.id, owner.user.email));
  const ids = {
    environments: await buildEnvironment(guildhall, handle),
    users: owner.user.id,
    sessions: await first(`/api/sessions?filter[user]=${owner.user.id}`),
    "api-clients": await create("api-clients", "api_client", { name: "sync", scopes: ["users:read"] }),
    organizations: organization.id,
    memberships,
    "membership-roles": await create("membership-roles", "membership_role", {}, { membership, role }),
    invitations,
    "received-invitations": String(received.body.data.id),
    "invitation-batches": batches,
    "invitation-batch-rows": await first(`/api/invitation-batch-rows?filter[batch]=${batches}`),
    deliveries: await first(`/api/deliveries?filter[invitation]=${invitations}`),
    suppressions: await create("suppressions", "suppression", { email: uniqueEmail(), reason: "bounced" }),
    roles,
    "role-permissions": await create(
      "role-permissions",
      "role_permission",
      {},
      { role: linkTo("role", roles), permission },
    ),
    permissions,
    "user-roles": await create("user-roles", "user_role", {}, { user, role }),
    events: await first(`/api/events?filter[organization]=${organization.id}&sort=-id`),
    "organization-deletions": String(
      (await api.as(owner.token).delete(`/api/organizations/${doomed.id}`)).body.data.id,
    ),
  };
  return { handle, owner, organization, ids, granted };
}

/** Returns a to-one relationship of a request. */
export function linkTo(type: string, id: string) {
  return { data: { type, id } };
}

/** Returns a word that is unique in this run. It has only letters, as in names of permissions. */
export function letters(): string {
  return unique("x")
    .replace(/\d/g, (digit) => String.fromCharCode(97 + Number(digit)))
    .replaceAll("-", "_");
}
