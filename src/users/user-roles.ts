import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { conflict, notFound } from "../errors.ts";
import { type Actor, recordEvent } from "../events/record-events.ts";
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
 * Grants a user a role in the whole environment. Its permissions apply in every organization.
 * @throws 404, 403 for `owner`, a role with permissions the actor lacks, or a user above them, 409 if the user has it.
 */
export function grantUserRole(
  { db }: Context,
  { environment_id, user_id, role_id }: { environment_id: string; user_id: string; role_id: string },
  actor: Actor,
): Promise<UserRole> {
  const environment = { environment_id, organization_id: null };
  return transaction(db, async (trx) => {
    const held = await requirePermissionNow(trx, actor, null, "users:manage");
    const user = await User.query(trx).findById(user_id).where({ environment_id });
    if (user === undefined) throw notFound("user", { pointer: "/data/relationships/user" });
    await requireNotAbove(trx, actor, user_id, { actsAsThem: false });
    const pointer = "/data/relationships/role";
    await requireGrantable(trx, { ...environment, role_ids: [role_id], held, pointer });
    const row = { id: newId("userrole"), environment_id, user_id, role_id };
    const granted = await insertUnlessExists(UserRole, trx, row);
    if (granted === undefined) throw conflict("role_granted", "The user already has this role.");
    await recordEvent(trx, actor, "user_role.created", { ...environment, id: user_id }, { role_id });
    return granted;
  });
}

/**
 * Revokes a user's role in the environment and, in the same transaction, the pending invitations they could no longer
 * send.
 * @throws 404, 403 if the actor has just lost the right, or the user is above them.
 */
export function revokeUserRole(
  { db }: Context,
  { id, environment_id }: { id: string; environment_id: string },
  actor: Actor,
): Promise<void> {
  return transaction(db, async (trx) => {
    await lockRights(trx, environment_id);
    await requirePermissionNow(trx, actor, null, "users:manage");
    const grant = await UserRole.query(trx).findById(id).where({ environment_id }).forUpdate();
    if (grant === undefined) throw notFound("user role");
    const { user_id, role_id } = grant;
    await requireNotAbove(trx, actor, user_id, { actsAsThem: false });
    await UserRole.query(trx).deleteById(id);
    await revokeUnsendable(trx, actor, { environment_id, inviter_user_id: user_id });
    const user = { id: user_id, environment_id, organization_id: null };
    await recordEvent(trx, actor, "user_role.deleted", user, { role_id });
  });
}
