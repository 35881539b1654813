import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { conflict, notFound } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { newId } from "../lib/id.ts";
import { insertUnlessExists } from "../models/insert-unless-exists.ts";
import { Organization } from "../models/organization.ts";
import { Permission } from "../models/permission.ts";
import { RolePermission } from "../models/role-permission.ts";
import { currentCeiling } from "./current-ceiling.ts";
import { lockCustomRole, type RoleKey } from "./lock-custom-role.ts";
import { requireWithin } from "./require-grantable.ts";

/**
 * Gives a role a permission, and with it everybody who has the role.
 * @throws 404, 403 for a system role or a permission the giver lacks: nobody grants what they don't have, 409 when the role has it.
 */
export function addPermission(
  { db }: Context,
  key: RoleKey,
  permissionId: string,
  actor: Actor,
): Promise<RolePermission> {
  return transaction(db, async (trx) => {
    const { environment_id, organization_id } = key;
    if (organization_id !== null) await Organization.lock(trx, environment_id, organization_id);
    const ceiling = await currentCeiling(trx, actor, organization_id, "roles:manage");
    const role = await lockCustomRole(trx, key);
    const permission = await Permission.query(trx).findById(permissionId).where({ environment_id });
    const pointer = "/data/relationships/permission";
    if (permission === undefined) throw notFound("permission", { pointer });
    requireWithin(ceiling, [permission.name], pointer);
    const row = { id: newId("roleperm"), environment_id, role_id: role.id, permission_id: permission.id };
    const added = await insertUnlessExists(RolePermission, trx, row);
    if (added === undefined) throw conflict("permission_granted", "The role has this permission already.");
    await recordEvents(trx, actor, [
      {
        type: "role_permission.created",
        environment_id,
        organization_id,
        subject_id: role.id,
        data: { permission: permission.name },
      },
    ]);
    return added;
  });
}
