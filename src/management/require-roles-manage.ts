import type { OrganizationAccess } from "../access/caller.ts";
import { requireInEnvironment } from "../access/require-permission.ts";
import type { EndpointRequest } from "../http/endpoint.ts";
import type { RoleKey } from "../roles/role-guards.ts";

type Request = Pick<EndpointRequest, "caller" | "environment" | "organization" | "requirePermission">;

/** The rule of `requireRolesManage` in a sentence for the documents. */
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
 * Whether a role's organization is any of the caller's business. If not, look the role up among those they may see: then one
 * that is foreign gets the very answer of one that isn't there.
 */
export function isOfOwnOrganization(organization: OrganizationAccess | undefined): boolean {
  if (organization === undefined) return false;
  return organization.isMember || organization.permissions?.length !== 0;
}

/** A role as the caller may reach it: who manages those of an organization reaches no other. */
export function roleKeyOf({ environment, organization }: Request, id: string): RoleKey {
  return { id, environment_id: environment.environment_id, organization_id: organization?.id ?? null };
}
