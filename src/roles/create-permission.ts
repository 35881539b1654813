import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { conflict } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { newId } from "../lib/id.ts";
import { insertUnlessExists } from "../models/insert-unless-exists.ts";
import { Permission } from "../models/role.ts";

/**
 * Adds a permission to the environment's catalogue for the team's own product to ask about. Every owner of an
 * organization has it from then on, unless it is for the environment only. @throws 409 when it exists.
 */
export function createPermission(
  { db }: Context,
  permission: { environment_id: string; name: string; description: string | null; environment_only: boolean },
  actor: Actor,
): Promise<Permission> {
  const { environment_id, name } = permission;
  return transaction(db, async (trx) => {
    const created = await insertUnlessExists(Permission, trx, { id: newId("perm"), ...permission });
    if (created === undefined) throw conflict("name_taken", "The catalogue has this permission already.");
    await recordEvents(trx, actor, [
      {
        type: "permission.created",
        environment_id,
        organization_id: null,
        subject_id: created.id,
        data: { name },
      },
    ]);
    return created;
  });
}
