import type { Knex } from "knex";

const CHUNK = 1_000;

/**
 * Removes what is left of deleted deliveries once no limit counts it.
 * @param aborted asked between chunks.
 * @returns how many.
 */
export async function purgeDeletedDeliveries(db: Knex, aborted: () => boolean): Promise<number> {
  let total = 0;
  while (!aborted()) {
    const old = db("deleted_deliveries")
      .select("id")
      .whereRaw("created_at < now() - interval '24 hours'")
      .limit(CHUNK);
    const purged = await db("deleted_deliveries").whereIn("id", old).delete();
    total += purged;
    if (purged < CHUNK) break;
  }
  return total;
}
