import type { Knex } from "knex";
import { statement } from "../db/statement.ts";

const CHUNK = 1_000;

/** Hours an answer is kept: whoever asks again does so much sooner. */
export const KEPT_HOURS = 48;

const purgeChunk = statement<{ purged: number }, { limit: number; hours: number }>(
  "purge-idempotency-keys",
  { limit: "int", hours: "int" },
  `
  with purged as (
    delete from idempotency_keys where key_hash in (
      select key_hash from idempotency_keys
      where created_at < now() - make_interval(hours => :hours)
      limit :limit
    )
    returning key_hash
  )
  select count(*)::int as purged from purged`,
);

/**
 * Removes answers nobody will ask for again; their keys are new from then on.
 * @param aborted asked between chunks.
 * @returns how many.
 */
export async function purgeIdempotencyKeys(db: Knex, aborted: () => boolean): Promise<number> {
  let total = 0;
  while (!aborted()) {
    const [{ purged = 0 } = {}] = await purgeChunk(db, { limit: CHUNK, hours: KEPT_HOURS });
    total += purged;
    if (purged < CHUNK) break;
  }
  return total;
}
