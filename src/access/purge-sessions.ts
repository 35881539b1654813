import type { Knex } from "knex";

const CHUNK = 1_000;

/** Days a session that ended is kept, for whoever asks what happened. */
const KEPT_DAYS = 30;

/**
 * Removes sessions that ended long ago. One of another service that was revoked here is remembered until it has ended
 * there, too: forgotten, it would be good again.
 * @param aborted asked between chunks.
 * @returns how many.
 */
export async function purgeSessions(db: Knex, aborted: () => boolean): Promise<number> {
  let total = 0;
  while (!aborted()) {
    const ended = db("sessions")
      .select("id")
      .whereRaw("least(expires_at, revoked_at) < now() - make_interval(days => ?)", [KEPT_DAYS])
      .whereRaw("(validated_until is null or expires_at < now() - make_interval(days => ?))", [KEPT_DAYS])
      .limit(CHUNK);
    const purged = await db("sessions").whereIn("id", ended).delete();
    total += purged;
    if (purged < CHUNK) break;
  }
  return total;
}
