import type { Knex } from "knex";
import { statement } from "../db/statement.ts";
import { inChunks } from "../lib/in-chunks.ts";

/** Days a batch is kept after it ended. Its rows hold addresses, even of people who were never invited. */
const KEPT_DAYS = 90;

/**
 * Deletes one batch at a time, because it takes up to 10,000 rows with it. `materialized` makes Postgres look for it only
 * once; a batch that another worker holds is skipped.
 */
const purgeOldest = statement<{ id: string }, { days: number }>(
  "purge-invitation-batch",
  { days: "int" },
  `
  with oldest as materialized (
    select id from invitation_batches
    where status in ('completed', 'canceled')
      and coalesce(completed_at, canceled_at) < now() - make_interval(days => :days)
    order by coalesce(completed_at, canceled_at)
    limit 1
    for update skip locked
  )
  delete from invitation_batches b using oldest where b.id = oldest.id
  returning b.id`,
);

/**
 * Deletes batches that ended long ago, with their rows. Their invitations stay, and so do their events with the counts.
 * @param aborted asked between batches.
 * @returns the number deleted.
 */
export function purgeInvitationBatches(db: Knex, aborted: () => boolean): Promise<number> {
  return inChunks(1, aborted, async () => (await purgeOldest(db, { days: KEPT_DAYS })).length);
}
