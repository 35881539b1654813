import type { Actor } from "../events/record-events.ts";
import type { AccessRow } from "./access-question.ts";

/** The one who asks. An operator may do everything, a client what its scopes say, a user what their roles say. */
export type Caller =
  | { kind: "operator" }
  | { kind: "client"; client_id: string; scopes: string[] }
  | { kind: "user"; user_id: string; session_id: string; email_canonical: string; email_verified: boolean }
  | { kind: "nobody" };

/** The organization a request is about, with what the caller may do there. */
export interface OrganizationAccess {
  id: string;
  /** Null: all (an operator, or a client within its scopes). */
  permissions: string[] | null;
  isMember: boolean;
  isOwner: boolean;
  /** A role of theirs has `members:manage`, which the organization may leave to its owner. */
  managesButForOwner: boolean;
}

/** @returns undefined when there is no such organization for anyone in this environment. */
export function organizationAccess(row: AccessRow, caller: Caller): OrganizationAccess | undefined {
  if (row.organization_id === null) return undefined;
  const { organization_id: id, organization_permissions, membership_id, is_owner: isOwner } = row;
  const managesButForOwner = row.has_members_manage;
  const permissions =
    caller.kind === "operator" || caller.kind === "client" ? null : organization_permissions;
  return { id, permissions, isMember: membership_id !== null, isOwner, managesButForOwner };
}

/** A user is the same in every session, and the operator is the operator, no matter who holds the token. */
export function nameOfCaller(caller: Caller): string {
  if (caller.kind === "user") return caller.user_id;
  return caller.kind === "client" ? caller.client_id : caller.kind;
}

/** The caller as the actor of events. */
export function actorOf(caller: Caller, requestId: string): Actor {
  if (caller.kind === "nobody") return { kind: "invitee", user_id: null, request_id: requestId };
  return {
    kind: caller.kind,
    user_id: caller.kind === "user" ? caller.user_id : null,
    request_id: requestId,
  };
}
