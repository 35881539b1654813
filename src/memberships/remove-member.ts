import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { conflict, notFound } from "../errors.ts";
import { type Actor, recordEvent } from "../events/record-events.ts";
import { revokePending, revokeUnsendable } from "../invitations/revoke-invitations.ts";
import { Membership } from "../models/membership.ts";
import { Organization } from "../models/organization.ts";
import { User } from "../models/user.ts";
import { requirePermissionNow } from "../roles/require-permission-now.ts";

/**
 * Ends a membership: the actor's own, or another's if they may manage members. In the same transaction it revokes the
 * pending invitations that the former member could no longer send, and those to their own address, which would let them
 * back in.
 * @throws 404, 403 if the actor has just lost the right, 409 for the owner's membership.
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
      const detail =
        "The owner can't leave or be removed: transfer the ownership or delete the organization.";
      throw conflict("owner_stays", detail);
    }
    const user = await User.query(trx).findById(user_id).throwIfNotFound();
    await Membership.query(trx).deleteById(id);
    await revokeUnsendable(trx, actor, { environment_id, organization_id, inviter_user_id: user_id });
    const { email_canonical } = user;
    await revokePending(trx, actor, { environment_id, organization_id, email_canonical });
    await recordEvent(trx, actor, "membership.removed", membership, { user_id });
  });
}
