import type { Knex } from "knex";
import { lacksPermission } from "../access/require-permission.ts";
import type { Context } from "../context.ts";
import { conflict, notFound, Refusal } from "../errors.ts";
import type { Actor } from "../events/record-events.ts";
import type { EmailAddress } from "../lib/email-address.ts";
import { newId } from "../lib/id.ts";
import { Environment } from "../models/environment.ts";
import { Invitation } from "../models/invitation.ts";
import { exceedsOwn, ownerNotGrantable } from "../roles/require-grantable.ts";
import { insertInvitation, type Verdict } from "./insert-invitation.ts";
import { limitReached } from "./mail-limits.ts";
import { invalidExpiry } from "./new-expiry.ts";

export interface NewInvitation {
  environment_id: string;
  organization_id: string;
  address: EmailAddress;
  /** What to call the person; a user without a name takes it over on acceptance. */
  first_name?: string | null;
  last_name?: string | null;
  /** Empty: the system role `member`. */
  role_ids: string[];
  message?: string | null;
  locale?: string | null;
  metadata?: Record<string, unknown>;
  /** ISO 8601. Default: the environment's lifetime, which is 7 days unless it says otherwise. */
  expires_at?: string | null;
  /** False: no email goes out, and the caller sends the link. Default true. */
  send_mail?: boolean;
}

/**
 * Invites an address to an organization and has the email sent after the commit.
 * @returns the row with its summary, as reading it would show it.
 * @throws 404 for an unknown organization or role, 403 for the role `owner` or one the inviter may not grant, 409 when
 *   the address belongs to a member or has a pending invitation, 422 for an expiry in the past or over 365 days away, 429
 *   or 403 for one email or pending invitation too many.
 */
export async function inviteMember(
  { db, queues }: Context,
  invitation: NewInvitation,
  actor: Actor,
): Promise<Invitation> {
  const invited = await tryToInvite(db, invitation, actor);
  if (invited instanceof Refusal) throw invited;
  queues.wakeUp("mail");
  return invited;
}

/**
 * Invites an address to an organization, or says why not, for a single invitation and for a row of a batch. Inside a
 * transaction nothing is sent before the commit; the caller wakes the mail worker.
 * @param actor the inviter. A user needs `members:manage` there and grants only permissions they have at the moment of
 *   writing. Programs grant any.
 * @returns the row with its summary, as reading it would show it; or the refusal.
 */
export async function tryToInvite(
  db: Knex,
  invitation: NewInvitation,
  actor: Actor,
): Promise<Invitation | Refusal> {
  const { address, metadata = {}, send_mail = true, ...given } = invitation;
  const [verdict] = await insertInvitation(db, {
    first_name: null,
    last_name: null,
    message: null,
    locale: null,
    expires_at: null,
    ...given,
    email: address.email,
    email_canonical: address.canonical,
    metadata: JSON.stringify(metadata),
    lifetime_days: Environment.DEFAULT_INVITATION_LIFETIME_DAYS,
    send_mail,
    inviter_user_id: actor.user_id,
    actor_kind: actor.kind,
    request_id: actor.request_id,
    invitation_id: newId("inv"),
    delivery_id: newId("dlv"),
    created_event_id: newId("evt"),
    expired_event_id: newId("evt"),
  });
  if (verdict?.invitation == null) return refusal(verdict, invitation);
  return Invitation.fromJsonRow(verdict.invitation);
}

function refusal(verdict: Verdict | undefined, { role_ids }: NewInvitation): Refusal {
  // Without ids it is the role `member`, which the request doesn't mention.
  const roleIds = { pointer: role_ids.length > 0 ? "/data/attributes/role_ids" : "/data/attributes" };
  if (!verdict?.organization_found)
    return notFound("organization", { pointer: "/data/relationships/organization" });
  if (!verdict.may_invite) return lacksPermission("members:manage", "organization");
  if (verdict.missing_role_ids.length > 0)
    return notFound(`role: ${verdict.missing_role_ids.join(", ")}`, roleIds);
  if (verdict.owner_role_ids.length > 0) return ownerNotGrantable(roleIds);
  if (verdict.exceeding_permissions.length > 0) return exceedsOwn(verdict.exceeding_permissions, roleIds);
  if (!verdict.expiry_allowed) return invalidExpiry("/data/attributes/expires_at");
  if (verdict.sending_limit !== null) return limitReached(verdict.sending_limit);
  if (verdict.already_member)
    return conflict("already_member", "That address belongs to a member of this organization.");
  return conflict(
    "invitation_pending",
    "That address has a pending invitation to this organization; revoke or resend it.",
  );
}
