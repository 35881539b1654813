import type { Knex } from "knex";
import { statement } from "../db/statement.ts";
import { inChunks } from "../lib/in-chunks.ts";

const CHUNK = 1_000;

/** Hours an answer is kept. Retries come much sooner. */
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
 * Deletes old answers; their keys can be used again.
 * @param aborted asked between chunks.
 * @returns the number deleted.
 */
export function purgeIdempotencyKeys(db: Knex, aborted: () => boolean): Promise<number> {
  return inChunks(CHUNK, aborted, async () => {
    const [chunk] = await purgeChunk(db, { limit: CHUNK, hours: KEPT_HOURS });
    return chunk?.purged ?? 0;
  });
}
