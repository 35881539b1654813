import { PERMISSIONS } from "../access/permissions.ts";
import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { conflict, forbidden, notFound } from "../errors.ts";
import { type Actor, recordEvent } from "../events/record-events.ts";
import { RolePermission } from "../models/join-tables.ts";
import { Permission } from "../models/role.ts";
import { findSystemRole } from "./find-system-role.ts";

/**
 * Deletes a permission that no role but `owner` has.
 * @throws 404, 403 for one of Guildhall's own permissions, 409 while a role has it.
 */
export function deletePermission(
  { db }: Context,
  { id, environment_id }: { id: string; environment_id: string },
  actor: Actor,
): Promise<void> {
  return transaction(db, async (trx) => {
    const permission = await Permission.query(trx).findById(id).where({ environment_id }).forUpdate();
    if (permission === undefined) throw notFound("permission");
    const { name } = permission;
    if (Object.hasOwn(PERMISSIONS, name))
      throw forbidden(
        "system_permission",
        "This permission is part of every environment and can't be deleted.",
      );
    const { id: owner } = await findSystemRole(trx, environment_id, "owner");
    const grants = () => RolePermission.query(trx).where({ permission_id: id });
    const use = await grants().whereNot({ role_id: owner }).first();
    if (use !== undefined)
      throw conflict("permission_in_use", "A role has this permission. Revoke it from the role first.");
    // No invitation depends on it, because no role that can be granted has it.
    await grants().delete();
    await Permission.query(trx).deleteById(id);
    await recordEvent(
      trx,
      actor,
      "permission.deleted",
      { id, environment_id, organization_id: null },
      { name },
    );
  });
}
