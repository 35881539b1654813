import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { notFound } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { revokeUnsendable } from "../invitations/revoke-invitations.ts";
import { UserRole } from "../models/join-tables.ts";
import { currentCeiling } from "../roles/current-ceiling.ts";
import { lockRights } from "../roles/lock-rights.ts";
import { requireNotAbove } from "./require-not-above.ts";

/**
 * Takes a role of the environment from a user, and the pending invitations they could no longer send.
 * @throws 404, 403 when the actor may not, by now, or the user is above them.
 */
export function takeRole(
  { db }: Context,
  { id, environment_id }: { id: string; environment_id: string },
  actor: Actor,
): Promise<void> {
  return transaction(db, async (trx) => {
    await lockRights(trx, environment_id);
    await currentCeiling(trx, actor, null, "users:manage");
    const given = await UserRole.query(trx).findById(id).where({ environment_id }).forUpdate();
    if (given === undefined) throw notFound("user role");
    await requireNotAbove(trx, actor, given.user_id, { actsAsThem: false });
    await UserRole.query(trx).deleteById(id);
    await revokeUnsendable(trx, actor, { environment_id, inviter_user_id: given.user_id });
    await recordEvents(trx, actor, [
      {
        type: "user_role.deleted",
        environment_id,
        organization_id: null,
        subject_id: given.user_id,
        data: { role_id: given.role_id },
      },
    ]);
  });
}
