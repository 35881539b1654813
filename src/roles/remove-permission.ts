import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { notFound } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { revokeUnsendable } from "../invitations/revoke-pending.ts";
import { RolePermission } from "../models/role-permission.ts";
import { lockCustomRole, type RoleKey } from "./lock-custom-role.ts";

/**
 * Takes a permission from a role, and so from everybody who has it; with it go the pending invitations they could no
 * longer send.
 * @param key the row that gives it, and whose role that must be of.
 * @throws 404, 403 for a system role.
 */
export function removePermission(
  { db }: Context,
  { id, environment_id, organization_id }: RoleKey,
  actor: Actor,
): Promise<void> {
  return transaction(db, async (trx) => {
    const grant = await RolePermission.query(trx).findById(id).where({ environment_id });
    if (grant === undefined) throw notFound("role permission");
    const role = await lockCustomRole(trx, { id: grant.role_id, environment_id, organization_id });
    await RolePermission.query(trx).deleteById(id);
    const concerned = role.organization_id === null ? {} : { organization_id: role.organization_id };
    await revokeUnsendable(trx, actor, { environment_id, ...concerned });
    await recordEvents(trx, actor, [
      {
        type: "role_permission.deleted",
        environment_id,
        organization_id: role.organization_id,
        subject_id: role.id,
        data: { permission_id: grant.permission_id },
      },
    ]);
  });
}
