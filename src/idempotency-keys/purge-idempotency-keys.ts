import type { Knex } from "knex";

const CHUNK = 1_000;

/** Hours an answer is kept: whoever asks again does so much sooner. */
export const KEPT_HOURS = 48;

/**
 * Removes answers nobody will ask for again; their keys are new from then on.
 * @param aborted asked between chunks.
 * @returns how many.
 */
export async function purgeIdempotencyKeys(db: Knex, aborted: () => boolean): Promise<number> {
  let total = 0;
  while (!aborted()) {
    const old = db("idempotency_keys")
      .select("key_hash")
      .whereRaw("created_at < now() - make_interval(hours => ?)", [KEPT_HOURS])
      .limit(CHUNK);
    const purged = await db("idempotency_keys").whereIn("key_hash", old).delete();
    total += purged;
    if (purged < CHUNK) break;
  }
  return total;
}
