import type { User } from "../../src/models/user.ts";
import { unique } from "./builders.ts";
import type { Guildhall } from "./guildhall.ts";
import { linkTo } from "./one-of-everything.ts";

/** Creates a role with these permissions over the API, as the operator, in the environment or in one organization. */
export async function buildRole(
  { api }: Guildhall,
  permissions: string[],
  organizationId?: string,
): Promise<string> {
  const relationships =
    organizationId === undefined ? {} : { organization: linkTo("organization", organizationId) };
  const { body } = await api.post("/api/roles", {
    data: { type: "role", attributes: { name: unique("role") }, relationships },
  });
  for (const name of permissions) await addPermission(api, body.data.id, name);
  return body.data.id;
}

/** Gives a role a permission, and finds its id in the catalogue by name. @returns the id of the role permission. */
export async function addPermission(api: Guildhall["api"], role: string, name: string): Promise<string> {
  const found = await api.get(`/api/permissions?filter[name]=${name}`);
  const relationships = {
    role: linkTo("role", role),
    permission: linkTo("permission", found.body.data[0].id),
  };
  const { status, body } = await api.post("/api/role-permissions", {
    data: { type: "role_permission", relationships },
  });
  if (status !== 201) throw new Error(JSON.stringify(body));
  return body.data.id;
}

/** Gives a user these permissions in the whole environment, with a role of their own. @returns the id of the user role. */
export async function giveInEnvironment(
  guildhall: Guildhall,
  { id }: Pick<User, "id">,
  permissions: string[],
): Promise<string> {
  const role = await buildRole(guildhall, permissions);
  const { body } = await guildhall.api.post("/api/user-roles", userRole(id, role));
  return body.data.id;
}

/** Returns the document that gives a user a role in the environment. */
export function userRole(user: string, role: string) {
  const relationships = { user: linkTo("user", user), role: linkTo("role", role) };
  return { data: { type: "user_role", relationships } };
}

/** Returns the document that gives a member a role. */
export function membershipRole(membership: string, role: string) {
  const relationships = { membership: linkTo("membership", membership), role: linkTo("role", role) };
  return { data: { type: "membership_role", relationships } };
}

/** Returns the document that gives a role a permission. */
export function rolePermission(role: string, permission: string) {
  const relationships = { role: linkTo("role", role), permission: linkTo("permission", permission) };
  return { data: { type: "role_permission", relationships } };
}
