import { UniqueViolationError } from "objection";
import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { conflict } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { Role } from "../models/role.ts";
import { lockManageableRole, type RoleKey, refuseSystemRole } from "./role-guards.ts";

/** Changes name or description. @throws 404, 403 for a system role or one above the actor, 409 when the name is taken. */
export function updateRole(
  { db }: Context,
  key: RoleKey,
  change: { name?: string; description?: string | null },
  actor: Actor,
): Promise<void> {
  return transaction(db, async (trx) => {
    const role = await lockManageableRole(trx, key, actor);
    refuseSystemRole(role);
    const { id, environment_id, organization_id } = role;
    await Role.query(trx).findById(id).patch(change);
    await recordEvents(trx, actor, [
      {
        type: "role.updated",
        environment_id,
        organization_id,
        subject_id: id,
        data: { changed: Object.keys(change) },
      },
    ]);
  }).catch((error: unknown) => {
    if (error instanceof UniqueViolationError)
      throw conflict("name_taken", "There is a role of this name; choose another.");
    throw error;
  });
}
