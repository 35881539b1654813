import { forbidden } from "../errors.ts";
import type { Actor } from "../events/record-events.ts";
import type { Permission } from "../permissions.ts";
import type { AccessQuestion, AccessRow } from "../sessions/access-question.ts";
import type { Face } from "./face.ts";

/** Who asks. An operator may do everything, a client what its scopes say, a user what their roles say. */
export type Caller =
  | { kind: "operator" }
  | { kind: "client"; client_id: string; scopes: string[] }
  | { kind: "user"; user_id: string; session_id: string; email_canonical: string; email_verified: boolean }
  | { kind: "nobody" };

/** The organization a request is about, with what the caller may do there. */
export interface OrganizationAccess {
  id: string;
  /** Null: no ceiling (an operator, or a client within its scopes). */
  permissions: string[] | null;
  isMember: boolean;
  isOwner: boolean;
}

/** @returns undefined when there is no such organization for anybody in this environment. */
export function organizationAccess(row: AccessRow, caller: Caller): OrganizationAccess | undefined {
  if (row.organization_id === null) return undefined;
  const { organization_id: id, organization_permissions, membership_id, is_owner: isOwner } = row;
  const permissions =
    caller.kind === "operator" || caller.kind === "client" ? null : organization_permissions;
  return { id, permissions, isMember: membership_id !== null, isOwner };
}

/** @throws as the face says it, unless the caller has the permission in the organization. */
export function requirePermission(
  access: OrganizationAccess | undefined,
  permission: Permission,
  { face, row, asked }: { face: Face; row: AccessRow; asked: AccessQuestion["organization"] },
): void {
  if (access === undefined) throw face.stranger(asked);
  if (access.permissions === null || access.permissions.includes(permission)) return;
  if (!access.isMember && access.permissions.length === 0) throw face.stranger(asked);
  throw face.lacking(permission, permission === "members:manage" && row.has_members_manage);
}

/**
 * Refuses a client whose token lacks the scope, and a user whom no role in the environment allows it.
 * @param held the permissions of the user's roles in the environment.
 * @throws 403.
 */
export function requireInEnvironment(
  caller: Caller,
  needed: { scope?: string | undefined; environmentPermission?: Permission | undefined },
  held: string[] = [],
): void {
  const { scope, environmentPermission } = needed;
  if (caller.kind === "client" && scope !== undefined && !caller.scopes.includes(scope)) {
    throw forbidden(
      "scope_missing",
      `The access token lacks the scope ${scope}. Ask for it at /oauth/token.`,
    );
  }
  if (caller.kind !== "user" || environmentPermission === undefined || held.includes(environmentPermission))
    return;
  const detail = `You need the permission ${environmentPermission} in this environment. Ask its operator for a role that has it.`;
  throw forbidden("forbidden", detail);
}

/** A user is the same in every session, and the operator is the operator, no matter who holds the token. */
export function nameOfCaller(caller: Caller): string {
  if (caller.kind === "user") return caller.user_id;
  return caller.kind === "client" ? caller.client_id : caller.kind;
}

/** The caller, as events tell it. */
export function actorOf(caller: Caller, requestId: string): Actor {
  if (caller.kind === "nobody") return { kind: "invitee", user_id: null, request_id: requestId };
  return {
    kind: caller.kind,
    user_id: caller.kind === "user" ? caller.user_id : null,
    request_id: requestId,
  };
}
