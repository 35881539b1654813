import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { conflict, notFound } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { revokePending, revokeUnsendable } from "../invitations/revoke-invitations.ts";
import { Membership } from "../models/membership.ts";
import { Organization } from "../models/organization.ts";
import { User } from "../models/user.ts";
import { requirePermissionNow } from "../roles/require-permission-now.ts";

/**
 * Ends a membership: the actor's own, or another's if they may manage members. In the same transaction it revokes the pending invitations the former member sent to this
 * organization, which they could no longer send, and those to the member's own address, which would lead back in.
 * @throws 404 when there is no such membership, 403 when the right is lost meanwhile, 409 for the owner's.
 */
export function removeMember(
  { db }: Context,
  { id, environment_id, organization_id }: { id: string; environment_id: string; organization_id: string },
  actor: Actor,
): Promise<void> {
  return transaction(db, async (trx) => {
    const organization = await Organization.lock(trx, environment_id, organization_id);
    const membership = await Membership.query(trx).findById(id).where({ organization_id });
    if (membership === undefined) throw notFound("membership");
    const { user_id } = membership;
    if (actor.user_id !== user_id) await requirePermissionNow(trx, actor, organization_id, "members:manage");
    if (organization.owner_user_id === user_id) {
      throw conflict(
        "owner_stays",
        "The owner can't leave or be removed: transfer the ownership or delete the organization.",
      );
    }
    const user = await User.query(trx).findById(user_id).throwIfNotFound();
    await Membership.query(trx).deleteById(id);
    await revokeUnsendable(trx, actor, { environment_id, organization_id, inviter_user_id: user_id });
    await revokePending(trx, actor, {
      environment_id,
      organization_id,
      email_canonical: user.email_canonical,
    });
    await recordEvents(trx, actor, [
      { type: "membership.removed", environment_id, organization_id, subject_id: id, data: { user_id } },
    ]);
  });
}
