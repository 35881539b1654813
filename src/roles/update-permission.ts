import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { notFound } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";

/** Changes a permission's description; its name never changes. @throws 404. */
export function updatePermission(
  { db }: Context,
  { id, environment_id }: { id: string; environment_id: string },
  change: { description?: string | null },
  actor: Actor,
): Promise<void> {
  return transaction(db, async (trx) => {
    const changed = await trx("permissions")
      .where({ id, environment_id })
      .update({ ...change, updated_at: trx.fn.now() });
    if (changed === 0) throw notFound("permission");
    await recordEvents(trx, actor, [
      { type: "permission.updated", environment_id, organization_id: null, subject_id: id },
    ]);
  });
}
