import { forbidden, type Refusal } from "../errors.ts";
import type { Caller, OrganizationAccess } from "./caller.ts";
import type { Permission } from "./permissions.ts";

/** The refusal of a caller who lacks a permission. */
export function lacksPermission(permission: Permission, where: "organization" | "environment"): Refusal {
  const whom = where === "organization" ? "owner" : "operator";
  const detail = `You need the permission ${permission} in this ${where}. Ask its ${whom} for a role that has it.`;
  return forbidden("forbidden", detail);
}

/**
 * Refuses a caller who lacks a permission in an organization.
 * @param outsider the refusal of a caller with no right to know that the organization exists.
 * @param leftToOwner the refusal of a member whose role could manage members, if the organization leaves that to its
 *   owner.
 * @throws 404 or 403.
 */
export function requirePermission(
  access: OrganizationAccess | undefined,
  permission: Permission,
  { outsider, leftToOwner }: { outsider: () => Refusal; leftToOwner: (detail: string) => Refusal },
): void {
  if (access === undefined) throw outsider();
  const { permissions, isMember, hasMembersManage } = access;
  if (permissions === null || permissions.includes(permission)) return;
  if (!isMember && permissions.length === 0) throw outsider();
  if (permission !== "members:manage" || !hasMembersManage) throw lacksPermission(permission, "organization");
  const detail =
    "Only the owner manages members here; the owner may set the organization's member_management to owner_and_admins to let admins do it.";
  throw leftToOwner(detail);
}

/** Refuses a client whose token lacks the scope. @throws 403. */
export function requireScope(caller: Caller, scope: string): void {
  if (caller.kind !== "client" || caller.scopes.includes(scope)) return;
  const detail = `The access token lacks the scope ${scope}. Ask for it at /oauth/token.`;
  throw forbidden("scope_missing", detail);
}

/**
 * Refuses a user who has the permission by no role in the environment.
 * @param held the permissions of the user's roles in the environment.
 * @throws 403.
 */
export function requireInEnvironment(caller: Caller, permission: Permission, held: string[]): void {
  if (caller.kind !== "user" || held.includes(permission)) return;
  throw lacksPermission(permission, "environment");
}
