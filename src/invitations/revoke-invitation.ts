import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { Invitation } from "../models/invitation.ts";
import { Organization } from "../models/organization.ts";
import { currentCeiling } from "../roles/current-ceiling.ts";
import { closedInvitation } from "./closed-invitation.ts";
import { findInvitation, type InvitationKey } from "./find-invitation.ts";

/**
 * Withdraws a pending invitation; its link is dead in the same moment. Revoking again answers the same.
 * @throws 404 when there is no such invitation, 403 when the right is lost meanwhile, 409 with the state's code when it
 *   was closed otherwise.
 */
export async function revokeInvitation(
  { db }: Context,
  key: InvitationKey,
  actor: Actor,
): Promise<Invitation> {
  const found = await findInvitation(db, key);
  const revoked = await transaction(db, async (trx) => {
    await Organization.lock(trx, found.environment_id, found.organization_id);
    await currentCeiling(trx, actor, found.organization_id, "members:manage");
    const invitation = await Invitation.revoke(trx, found.id, actor.user_id);
    if (invitation === undefined) return undefined;
    const { environment_id, organization_id, id } = invitation;
    await recordEvents(trx, actor, [
      { type: "invitation.revoked", environment_id, organization_id, subject_id: id },
    ]);
    return invitation;
  });
  if (revoked !== undefined) return revoked;
  const closed = await findInvitation(db, key);
  if (closed.status === "revoked") return closed;
  throw closedInvitation(closed);
}
