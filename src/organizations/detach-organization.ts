import type { Knex } from "knex";
import { transaction } from "../db/transaction.ts";
import { recordEvents, SYSTEM } from "../events/record-events.ts";
import { Organization } from "../models/organization.ts";
import { OrganizationDeletion } from "../models/organization-deletion.ts";
import { DETACHED_TABLES, REMOVED_TABLES } from "./count-organization-rows.ts";

/** Rows per transaction: small enough that nobody else waits for their locks. */
const BATCH = 1_000;

/**
 * Works a deletion off: takes the organization off its resources, removes what belongs to it alone, then the
 * organization itself. Every batch is a transaction of its own that also counts its progress, so it may be killed
 * anywhere and run again, by two workers at once too. Does nothing when the deletion is completed.
 * @param aborted asked between batches; true leaves the rest to a later run.
 */
export async function detachOrganization(
  db: Knex,
  deletionId: string,
  aborted: () => boolean,
): Promise<void> {
  for (const table of DETACHED_TABLES) {
    await untilEmpty(() =>
      workOff(
        db,
        deletionId,
        table,
        `update ${table} t set organization_id = null, updated_at = now() from batch where t.id = batch.id`,
      ),
    );
  }
  for (const table of REMOVED_TABLES) {
    await untilEmpty(() =>
      workOff(db, deletionId, table, `delete from ${table} t using batch where t.id = batch.id`),
    );
  }
  if (!aborted()) await complete(db, deletionId);

  async function untilEmpty(batch: () => Promise<number>): Promise<void> {
    while (!aborted() && (await batch()) === BATCH);
  }
}

/**
 * One batch. The lock on the deletion's row makes two workers take turns; the row keeps the count.
 * @param table from the lists above, never from outside.
 * @returns how many rows were worked off.
 */
function workOff(db: Knex, deletionId: string, table: string, change: string): Promise<number> {
  return transaction(db, async (trx) => {
    const deletion = await lockUnfinished(trx, deletionId);
    if (deletion === undefined) return 0;
    // After the lock, in a statement of its own: it must not see what the worker before it had yet to work off.
    const { rows } = await trx.raw<{ rows: Array<{ n: number }> }>(
      `with batch as (select id from ${table} where organization_id = :organization_id order by id limit ${BATCH}),
       changed as (${change} returning t.id),
       counted as (select count(*)::int as n from changed)
       update organization_deletions d
       set done = d.done || jsonb_build_object(cast(:table as text), coalesce((d.done->>:table)::int, 0) + counted.n), updated_at = now()
       from counted where d.id = :id
       returning counted.n`,
      { id: deletion.id, organization_id: deletion.organization_id, table },
    );
    return rows[0]?.n ?? 0;
  });
}

async function lockUnfinished(trx: Knex.Transaction, id: string): Promise<OrganizationDeletion | undefined> {
  return OrganizationDeletion.query(trx).findById(id).where({ state: "detaching" }).forUpdate();
}

/** The last transaction. The foreign keys are RESTRICT: while one reference is left, the organization can't go. */
function complete(db: Knex, deletionId: string): Promise<void> {
  return transaction(db, async (trx) => {
    const deletion = await lockUnfinished(trx, deletionId);
    if (deletion === undefined) return;
    const { environment_id, organization_id } = deletion;
    await Organization.query(trx).deleteById(organization_id);
    await trx("organization_deletions")
      .where({ id: deletionId })
      .update({ state: "completed", completed_at: trx.fn.now(), updated_at: trx.fn.now() });
    await recordEvents(trx, SYSTEM, [
      {
        type: "organization.deleted",
        environment_id,
        organization_id,
        subject_id: organization_id,
        data: { done: deletion.done },
      },
    ]);
  });
}
