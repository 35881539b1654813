import type { OrganizationAccess } from "../access/caller.ts";
import { requireInEnvironment } from "../access/require-permission.ts";
import type { EndpointRequest } from "../http/endpoint.ts";
import type { RoleKey } from "../roles/lock-role.ts";

type Request = Pick<EndpointRequest, "caller" | "environment" | "organization" | "requirePermission">;

/**
 * Roles of an organization are managed by who has `roles:manage` there, roles of the environment by who has it in the
 * environment.
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
