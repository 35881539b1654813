import type { Knex } from "knex";
import { statement } from "../db/statement.ts";

const CHUNK = 1_000;

const purgeChunk = statement<{ purged: number }, { limit: number }>(
  "purge-deleted-deliveries",
  { limit: "int" },
  `
  with purged as (
    delete from deleted_deliveries where id in (
      select id from deleted_deliveries
      where created_at < now() - interval '24 hours'
      limit :limit
    )
    returning id
  )
  select count(*)::int as purged from purged`,
);

/**
 * Removes what is left of deleted deliveries once no limit counts it.
 * @param aborted asked between chunks.
 * @returns how many.
 */
export async function purgeDeletedDeliveries(db: Knex, aborted: () => boolean): Promise<number> {
  let total = 0;
  while (!aborted()) {
    const [{ purged = 0 } = {}] = await purgeChunk(db, { limit: CHUNK });
    total += purged;
    if (purged < CHUNK) break;
  }
  return total;
}
