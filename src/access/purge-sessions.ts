import type { Knex } from "knex";
import { statement } from "../db/statement.ts";

const CHUNK = 1_000;

/** Days a session that ended is kept, for whoever asks what happened. */
const KEPT_DAYS = 30;

const purgeChunk = statement<{ purged: number }, { limit: number; days: number }>(
  "purge-sessions",
  { limit: "int", days: "int" },
  `
  with purged as (
    delete from sessions where id in (
      select id from sessions
      where least(expires_at, revoked_at) < now() - make_interval(days => :days)
        and (validated_until is null or expires_at < now() - make_interval(days => :days))
      limit :limit
    )
    returning id
  )
  select count(*)::int as purged from purged`,
);

/**
 * Removes sessions that ended long ago. One of another service that was revoked here is remembered until it has ended
 * there, too: forgotten, it would be good again.
 * @param aborted asked between chunks.
 * @returns how many.
 */
export async function purgeSessions(db: Knex, aborted: () => boolean): Promise<number> {
  let total = 0;
  while (!aborted()) {
    const [{ purged = 0 } = {}] = await purgeChunk(db, { limit: CHUNK, days: KEPT_DAYS });
    total += purged;
    if (purged < CHUNK) break;
  }
  return total;
}
