import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { conflict, notFound } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { revokeUnsendable } from "../invitations/revoke-invitations.ts";
import { newId } from "../lib/id.ts";
import { insertUnlessExists } from "../models/insert-unless-exists.ts";
import { UserRole } from "../models/join-tables.ts";
import { User } from "../models/user.ts";
import { requireGrantable } from "../roles/require-grantable.ts";
import { requirePermissionNow } from "../roles/require-permission-now.ts";
import { lockRights } from "../roles/role-guards.ts";
import { requireNotAbove } from "./require-not-above.ts";

/**
 * Gives a user a role in the whole environment: it counts in every organization.
 * @throws 404, 403 for `owner`, a role beyond what the giver may do there, or a user above them, 409 when the user has it.
 */
export function giveRole(
  { db }: Context,
  { environment_id, user_id, role_id }: { environment_id: string; user_id: string; role_id: string },
  actor: Actor,
): Promise<UserRole> {
  return transaction(db, async (trx) => {
    const held = await requirePermissionNow(trx, actor, null, "users:manage");
    const user = await User.query(trx).findById(user_id).where({ environment_id });
    if (user === undefined) throw notFound("user", { pointer: "/data/relationships/user" });
    await requireNotAbove(trx, actor, user_id, { actsAsThem: false });
    const pointer = "/data/relationships/role";
    await requireGrantable(trx, {
      environment_id,
      organization_id: null,
      role_ids: [role_id],
      held,
      pointer,
    });
    const given = await insertUnlessExists(UserRole, trx, {
      id: newId("userrole"),
      environment_id,
      user_id,
      role_id,
    });
    if (given === undefined) throw conflict("role_granted", "The user has this role already.");
    await recordEvents(trx, actor, [
      {
        type: "user_role.created",
        environment_id,
        organization_id: null,
        subject_id: user_id,
        data: { role_id },
      },
    ]);
    return given;
  });
}

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
    await requirePermissionNow(trx, actor, null, "users:manage");
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
