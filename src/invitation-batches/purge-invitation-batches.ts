import type { Knex } from "knex";
import { statement } from "../db/statement.ts";

/** Days a batch is kept once it has ended. Its rows hold addresses, also of people who were never invited. */
const KEPT_DAYS = 90;

/**
 * One batch at a time, for up to 10,000 rows go with it. It is looked for once (`materialized`), and one that another
 * worker holds is passed over.
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
 * Removes batches that ended long ago, with their rows. Their invitations stay, and their events, which tell the counts.
 * @param aborted asked between batches.
 * @returns how many.
 */
export async function purgeInvitationBatches(db: Knex, aborted: () => boolean): Promise<number> {
  for (let total = 0; ; total += 1) {
    if (aborted() || (await purgeOldest(db, { days: KEPT_DAYS })).length === 0) return total;
  }
}
