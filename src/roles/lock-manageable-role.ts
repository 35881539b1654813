import type { Knex } from "knex";
import { forbidden } from "../errors.ts";
import type { Actor } from "../events/record-events.ts";
import { RolePermission } from "../models/join-tables.ts";
import { Permission, type Role } from "../models/role.ts";
import { currentCeiling } from "./current-ceiling.ts";
import { lockRole, type RoleKey } from "./lock-role.ts";

/**
 * Locks a role that its actor is about to change, judged by the rights they have now. In the environment nobody touches a
 * role that may do more than they may.
 * @throws 404, 403 without `roles:manage`, or for a role above the actor.
 */
export async function lockManageableRole(trx: Knex.Transaction, key: RoleKey, actor: Actor): Promise<Role> {
  const ceiling = await currentCeiling(trx, actor, key.organization_id, "roles:manage");
  const role = await lockRole(trx, key);
  if (ceiling === null || key.organization_id !== null || role.is_system) return role;
  const names: Array<{ name: string }> = await Permission.query(trx)
    .whereIn("id", RolePermission.query(trx).select("permission_id").where({ role_id: role.id }))
    .whereNotIn("name", ceiling)
    .select("name");
  if (names.length === 0) return role;
  const beyond = names.map(({ name }) => name).join(", ");
  throw forbidden(
    "role_exceeds_own",
    `This role may do what you may not, so you can't change it: ${beyond}.`,
  );
}
