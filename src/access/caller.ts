import type { Actor } from "../events/record-events.ts";
import type { AccessRow } from "./access-question.ts";

/** The sender of a request. The operator may do everything, a client what its scopes allow, a user what their roles allow. */
export type Caller =
  | { kind: "operator" }
  | { kind: "client"; client_id: string; scopes: string[] }
  | { kind: "user"; user_id: string; session_id: string; email_canonical: string; email_verified: boolean }
  | { kind: "nobody" };

/** The organization a request is about, with what the caller may do there. */
export interface OrganizationAccess {
  id: string;
  /** Null means all: for the operator, and for a client within its scopes. */
  permissions: string[] | null;
  isMember: boolean;
  isOwner: boolean;
  /** Whether a role of theirs has `members:manage`, even if the organization leaves that to its owner. */
  hasMembersManage: boolean;
}

/** @returns undefined if this environment has no such organization. */
export function organizationAccess(row: AccessRow, caller: Caller): OrganizationAccess | undefined {
  if (row.organization_id === null) return undefined;
  return {
    id: row.organization_id,
    permissions: caller.kind === "operator" || caller.kind === "client" ? null : row.organization_permissions,
    isMember: row.membership_id !== null,
    isOwner: row.is_owner,
    hasMembersManage: row.has_members_manage,
  };
}

/** Returns a name for the caller: the same for all sessions of a user, and for everyone who holds the operator's token. */
export function nameOfCaller(caller: Caller): string {
  if (caller.kind === "user") return caller.user_id;
  return caller.kind === "client" ? caller.client_id : caller.kind;
}

/** Returns the caller as the actor of events. */
export function actorOf(caller: Caller, requestId: string): Actor {
  if (caller.kind === "nobody") return { kind: "invitee", user_id: null, request_id: requestId };
  return {
    kind: caller.kind,
    user_id: caller.kind === "user" ? caller.user_id : null,
    request_id: requestId,
  };
}
