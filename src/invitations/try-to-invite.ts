import type { Knex } from "knex";
import { conflict, forbidden, invalid, notFound, type Refusal } from "../errors.ts";
import type { Actor } from "../events/record-events.ts";
import type { EmailAddress } from "../lib/email-address.ts";
import { newId } from "../lib/id.ts";
import { Environment } from "../models/environment.ts";
import { Invitation } from "../models/invitation.ts";
import { exceedsOwn } from "../roles/require-grantable.ts";
import { insertInvitation, type Verdict } from "./insert-invitation.ts";
import { limitReached } from "./mail-limits.ts";

export interface NewInvitation {
  environment_id: string;
  organization_id: string;
  address: EmailAddress;
  /** What to call the person; a user without a name takes it over on acceptance. */
  first_name?: string | null;
  last_name?: string | null;
  /** Empty: the system role `member`. */
  role_ids: string[];
  message: string | null;
  locale: string | null;
  metadata: Record<string, unknown>;
  /** ISO 8601; null: the environment's lifetime, by default 7 days. */
  expires_at: string | null;
  /** False: no mail goes out; who asked for that sends the link themselves. Default true. */
  send_mail?: boolean;
}

/**
 * Invites an address to an organization, or says why not: the one place of both, for a single invitation and for a row
 * of many. Inside a transaction nothing is sent before it commits, and whoever calls gives the hint.
 * @param actor the inviter. A user needs `members:manage` there and grants nothing they don't have, as of the moment of
 *   writing; others have no ceiling.
 * @returns the row with its summary, as reading it would show it; or what is in the way.
 */
export async function tryToInvite(
  db: Knex,
  invitation: NewInvitation,
  actor: Actor,
): Promise<Invitation | Refusal> {
  const [verdict] = await insertInvitation(db, [
    invitation.environment_id,
    invitation.organization_id,
    invitation.address.email,
    invitation.address.canonical,
    invitation.role_ids,
    actor.request_id,
    newId("inv"),
    actor.user_id,
    invitation.message,
    invitation.locale,
    JSON.stringify(invitation.metadata),
    invitation.expires_at,
    Environment.DEFAULT_INVITATION_LIFETIME_DAYS,
    newId("dlv"),
    newId("evt"),
    newId("evt"),
    actor.kind,
    invitation.send_mail ?? true,
    invitation.first_name ?? null,
    invitation.last_name ?? null,
  ]);
  if (verdict?.invitation == null) return refusal(verdict, invitation);
  return Invitation.fromJsonRow(verdict.invitation);
}

function refusal(verdict: Verdict | undefined, { role_ids }: NewInvitation): Refusal {
  // Without ids it is the role member, of which the request says nothing.
  const roleIds = { pointer: role_ids.length > 0 ? "/data/attributes/role_ids" : "/data/attributes" };
  if (!verdict?.organization_found)
    return notFound("organization", { pointer: "/data/relationships/organization" });
  if (!verdict.may_invite)
    return forbidden("forbidden", "You need the permission members:manage in this organization.");
  if (verdict.missing_role_ids.length > 0)
    return notFound(`role: ${verdict.missing_role_ids.join(", ")}`, roleIds);
  if (verdict.owner_role_ids.length > 0) {
    return forbidden(
      "owner_not_grantable",
      "The role owner is transferred, not granted. Only a program invites an owner, to an organization that has none.",
      roleIds,
    );
  }
  if (verdict.exceeding_permissions.length > 0) return exceedsOwn(verdict.exceeding_permissions, roleIds);
  if (!verdict.expiry_allowed) {
    return invalid(
      "invalid_expires_at",
      "Give an expiry in the future, at most 365 days away.",
      "/data/attributes/expires_at",
    );
  }
  if (verdict.sending_limit !== null) return limitReached(verdict.sending_limit);
  if (verdict.already_member)
    return conflict("already_member", "That address belongs to a member of this organization.");
  return conflict(
    "invitation_pending",
    "That address has a pending invitation to this organization; revoke or resend it.",
  );
}
