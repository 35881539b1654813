import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { newId } from "../lib/id.ts";
import { Invitation } from "../models/invitation.ts";
import { closedInvitation } from "./closed-invitation.ts";
import { findInvitation, type InvitationKey } from "./find-invitation.ts";
import { lockSendable } from "./lock-sendable.ts";
import { requireMailAllowed } from "./mail-limits.ts";
import { newExpiry } from "./new-expiry.ts";
import { refuseUnsendable } from "./revoke-pending.ts";

/**
 * Sends a pending invitation once more: with a new link, which kills those mailed before, and a new expiry.
 * @param expiresAt ISO 8601; null: the environment's lifetime from now.
 * @returns the row with its summary, as reading it would show it.
 * @throws 404, 403 for an actor who could not send it, 409 with the state's code when it is closed, as it is from now on
 *   when its inviter could no longer send it, 429 too soon after the email before, 422 for an expiry that is past or over
 *   365 days away.
 */
export async function resendInvitation(
  { db, queues }: Context,
  key: InvitationKey,
  expiresAt: string | null,
  actor: Actor,
): Promise<Invitation> {
  const found = await findInvitation(db, key);
  if (found.status !== "pending") throw closedInvitation(found);
  await refuseUnsendable(db, found, actor);
  // Most of many that come at once are turned away here, and don't queue for the lock.
  await requireMailAllowed(db, found, actor);
  return transaction(db, async (trx, afterCommit) => {
    const invitation = await lockSendable(trx, found, actor);
    await requireMailAllowed(trx, invitation, actor);
    const { id, environment_id, organization_id } = invitation;
    const renewed = await Invitation.change(trx, id, {
      token_version: trx.raw("token_version + 1"),
      expires_at: await newExpiry(trx, environment_id, expiresAt, "/meta/expires_at"),
    });
    if (renewed === undefined) throw closedInvitation(await findInvitation(trx, key));
    await trx("mail_deliveries").insert({
      id: newId("dlv"),
      environment_id,
      invitation_id: id,
      kind: "invitation",
      seq: renewed.token_version,
      email: renewed.email,
      email_canonical: renewed.email_canonical,
      sender_user_id: actor.user_id,
    });
    await recordEvents(trx, actor, [
      { type: "invitation.resent", environment_id, organization_id, subject_id: id },
    ]);
    afterCommit(() => queues.hint("mail"));
    return findInvitation(trx, key);
  });
}
