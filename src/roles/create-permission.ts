import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { conflict } from "../errors.ts";
import { type Actor, recordEvent } from "../events/record-events.ts";
import { newId } from "../lib/id.ts";
import { insertUnlessExists } from "../models/insert-unless-exists.ts";
import { Permission } from "../models/role.ts";

/**
 * Adds a permission to the environment's catalogue, for the team's own product to check. Every owner of an organization
 * has it from then on, unless it is for the environment only.
 * @throws 409 if it exists.
 */
export function createPermission(
  { db }: Context,
  permission: { environment_id: string; name: string; description: string | null; environment_only: boolean },
  actor: Actor,
): Promise<Permission> {
  return transaction(db, async (trx) => {
    const created = await insertUnlessExists(Permission, trx, { id: newId("perm"), ...permission });
    if (created === undefined) throw conflict("name_taken", "The catalogue already has this permission.");
    const { id, environment_id, name } = created;
    await recordEvent(
      trx,
      actor,
      "permission.created",
      { id, environment_id, organization_id: null },
      { name },
    );
    return created;
  });
}
