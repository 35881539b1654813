import type { Knex } from "knex";
import { raw } from "objection";
import type { Context } from "../context.ts";
import { statement } from "../db/statement.ts";
import { transaction } from "../db/transaction.ts";
import { conflict } from "../errors.ts";
import { type Actor, recordEvents, SYSTEM } from "../events/record-events.ts";
import { newId } from "../lib/id.ts";
import { Invitation } from "../models/invitation.ts";
import { MailDelivery } from "../models/mail-delivery.ts";
import { closedInvitation, findInvitation, type InvitationKey } from "./find-invitation.ts";
import { lockSendable } from "./lock-sendable.ts";
import { requireMailAllowed } from "./mail-limits.ts";
import { newExpiry } from "./new-expiry.ts";
import { refuseUnsendable } from "./revoke-invitations.ts";

/**
 * Sends an invitation again, with a new expiry and a new link that ends the earlier ones. This reopens an expired
 * invitation.
 * @param expiresAt ISO 8601; null means the environment's lifetime from now.
 * @returns the row with its summary, as reading it would show it.
 * @throws 404, 403 for an actor who could not send it, 409 with the state's code if it is closed (if its inviter
 *   could no longer send it, it is closed now), 409 for an expired one whose address has a newer invitation or
 *   belongs to a member, 429 too soon after the last email, 422 for an expiry in the past or over 365 days away.
 */
export async function resendInvitation(
  { db, queues }: Pick<Context, "db"> & { queues: Pick<Context["queues"], "wakeUp"> },
  key: InvitationKey,
  expiresAt: string | null,
  actor: Actor,
): Promise<Invitation> {
  const found = await findInvitation(db, key);
  if (found.status !== "pending" && found.status !== "expired") throw closedInvitation(found);
  if (found.status === "pending") await refuseUnsendable(db, found, actor);
  // Turns most of many simultaneous requests away before they queue for the lock.
  await requireMailAllowed(db, found, actor);
  return transaction(db, async (trx, afterCommit) => {
    const invitation = await lockSendable(trx, found, actor, { expired: true });
    await requireMailAllowed(trx, invitation, actor);
    const { id, environment_id, organization_id } = invitation;
    const expires_at = await newExpiry(trx, environment_id, expiresAt, "/meta/expires_at");
    const revived = invitation.status === "expired";
    if (revived) await requireRoom(trx, invitation);
    const renewed = revived
      ? await Invitation.revive(trx, id, expires_at, actor.user_id)
      : await Invitation.change(trx, id, { token_version: raw("token_version + 1"), expires_at });
    if (renewed === undefined) throw closedInvitation(await findInvitation(trx, key));
    await MailDelivery.query(trx).insert({
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
      {
        type: "invitation.resent",
        environment_id,
        organization_id,
        subject_id: id,
        data: revived ? { revived } : {},
      },
    ]);
    afterCommit(() => queues.wakeUp("mail"));
    return findInvitation(trx, key);
  });
}

const findMembership = statement<
  { is_member: boolean },
  Pick<Invitation, "email_canonical" | "organization_id">
>(
  "is-member-now",
  { email_canonical: "text", organization_id: "text" },
  "select is_member_now(:email_canonical, :organization_id) as is_member",
);

/**
 * Makes sure that an expired invitation can become the pending one of its address again. The organization's lock keeps
 * others from being written.
 * @throws 409.
 */
async function requireRoom(
  trx: Knex.Transaction,
  { id, environment_id, organization_id, email_canonical }: Invitation,
): Promise<void> {
  const [address] = await findMembership(trx, { email_canonical, organization_id });
  if (address?.is_member)
    throw conflict("already_member", "That address belongs to a member of this organization.");
  const others = () =>
    Invitation.query(trx).where({ organization_id, email_canonical, status: "pending" }).whereNot({ id });
  // An overdue invitation counts as pending until it is marked as expired.
  const lapsed = await others()
    .where("expires_at", "<=", raw("now()"))
    .patch({ status: "expired", expired_at: raw("now()") })
    .returning("id");
  await recordEvents(
    trx,
    SYSTEM,
    lapsed.map((one) => ({
      type: "invitation.expired" as const,
      environment_id,
      organization_id,
      subject_id: one.id,
    })),
  );
  const newer = await others().first();
  if (newer !== undefined) {
    const detail = `That address has a newer pending invitation to this organization, ${newer.id}. Resend that one.`;
    throw conflict("invitation_pending", detail);
  }
}

/**
 * Returns the link of a pending invitation, for a program that sends its own email. Writes an event, because this is the
 * only way a link leaves except by our email. Not for people: the link proves the invited address.
 * @throws 404, 409 with the state's code if it is closed.
 */
export async function copyLink(
  { db, linkKeys, settings }: Context,
  key: InvitationKey,
  actor: Actor,
): Promise<string> {
  const invitation = await findInvitation(db, key);
  if (invitation.status !== "pending") throw closedInvitation(invitation);
  const { id, environment_id, organization_id, token_version } = invitation;
  await transaction(db, (trx) =>
    recordEvents(trx, actor, [
      { type: "invitation.link_copied", environment_id, organization_id, subject_id: id },
    ]),
  );
  return `${settings.PUBLIC_URL}/i/${linkKeys.sign({ invitationId: id, tokenVersion: token_version })}`;
}
