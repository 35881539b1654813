import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { Invitation, type Proof } from "../models/invitation.ts";
import { Organization } from "../models/organization.ts";
import { closedInvitation, closedState, findInvitation, type InvitationKey } from "./find-invitation.ts";
import { notifyInviter } from "./notify-inviter.ts";

/**
 * Declines an invitation and notifies the inviter. Declining again returns the same.
 * @param proof undefined for a program, which needs to name nobody.
 * @throws 404 for an unknown invitation, 409 with the state's code if it ended in another way.
 */
export async function declineInvitation(
  { db, queues }: Context,
  key: InvitationKey,
  proof: Proof | undefined,
  actor: Actor,
): Promise<Invitation> {
  const found = await findInvitation(db, key);
  const declined = await transaction(db, async (trx, afterCommit) => {
    // Once its deletion has begun there is nothing to decline, though the row may still be there.
    await Organization.lock(trx, found.environment_id, found.organization_id);
    const invitation = await Invitation.decline(trx, proof, found.id);
    if (invitation === undefined) return undefined;
    const { environment_id, organization_id, id } = invitation;
    await notifyInviter(trx, invitation, "invitation-declined");
    await recordEvents(trx, actor, [
      { type: "invitation.declined", environment_id, organization_id, subject_id: id },
    ]);
    afterCommit(() => queues.wakeUp("mail"));
    return invitation;
  });
  if (declined !== undefined) return declined;
  const closed = await findInvitation(db, key);
  if (closedState(closed, proof) === "declined") return closed;
  throw closedInvitation(closed, actor, proof);
}
