import { UniqueViolationError } from "objection";
import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { type Actor, recordEvent } from "../events/record-events.ts";
import { Role } from "../models/role.ts";
import { lockManageableRole, type RoleKey, refuseSystemRole, roleExists } from "./role-guards.ts";

/**
 * Changes a role's name or description.
 * @throws 404, 403 for a system role or one with permissions the actor lacks, 409 if the name is taken.
 */
export function updateRole(
  { db }: Context,
  key: RoleKey,
  change: { name?: string; description?: string | null },
  actor: Actor,
): Promise<void> {
  return transaction(db, async (trx) => {
    const role = await lockManageableRole(trx, key, actor);
    refuseSystemRole(role);
    await Role.query(trx).findById(role.id).patch(change);
    await recordEvent(trx, actor, "role.updated", role, { changed: Object.keys(change) });
  }).catch((error: unknown) => {
    throw error instanceof UniqueViolationError ? roleExists() : error;
  });
}
