import type { Knex } from "knex";

const BATCH = 1_000;

/** Days a session that ended is kept, for whoever asks what happened. */
const KEPT_DAYS = 30;

/**
 * Removes sessions that ended long ago. One of another service that was revoked here is remembered until it has ended
 * there, too: forgotten, it would be good again.
 * @param aborted asked between batches.
 * @returns how many.
 */
export async function purgeSessions(db: Knex, aborted: () => boolean): Promise<number> {
  let total = 0;
  while (!aborted()) {
    const ended = db("sessions")
      .select("id")
      .whereRaw("least(expires_at, revoked_at) < now() - make_interval(days => ?)", [KEPT_DAYS])
      .whereRaw("(validated_until is null or expires_at < now() - make_interval(days => ?))", [KEPT_DAYS])
      .limit(BATCH);
    const purged = await db("sessions").whereIn("id", ended).delete();
    total += purged;
    if (purged < BATCH) break;
  }
  return total;
}
