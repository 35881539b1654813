import type { OrganizationAccess } from "../access/caller.ts";
import { requireInEnvironment } from "../access/require-permission.ts";
import type { EndpointRequest } from "../http/endpoint.ts";
import type { RoleKey } from "../roles/role-guards.ts";

type Request = Pick<EndpointRequest, "caller" | "environment" | "organization" | "requirePermission">;

/** The rule of `requireRolesManage`, for the documentation. */
export const ROLES_MANAGERS =
  "A user with `roles:manage`: in the organization for a role of one, in the environment for any other.";

/**
 * Requires `roles:manage`: in the organization for a role of one, in the environment for any other.
 * @throws 403, 404.
 */
export function requireRolesManage(
  { caller, environment, requirePermission }: Request,
  ofOrganization: boolean,
): void {
  if (ofOrganization) requirePermission("roles:manage");
  else requireInEnvironment(caller, "roles:manage", environment.environment_permissions);
}

/**
 * Returns whether the caller may know that a role's organization exists. If not, look the role up among those they
 * see, so that a role of others gets the same answer as an unknown one.
 */
export function isOfOwnOrganization(organization: OrganizationAccess | undefined): boolean {
  if (organization === undefined) return false;
  return organization.isMember || organization.permissions?.length !== 0;
}

/** Makes the key of a role. Someone who manages an organization's roles has no access to others. */
export function roleKeyOf({ environment, organization }: Request, id: string): RoleKey {
  return { id, environment_id: environment.environment_id, organization_id: organization?.id ?? null };
}
