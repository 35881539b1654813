import type { Knex } from "knex";
import { invalid } from "../errors.ts";
import { Environment } from "../models/environment.ts";

/**
 * When an invitation is to expire, judged by the database's clock.
 * @param asked ISO 8601; null: the environment's lifetime from now.
 * @param pointer where in the request it stands.
 * @throws 422 for what is past or over 365 days away.
 */
export async function newExpiry(
  trx: Knex.Transaction,
  environmentId: string,
  asked: string | null,
  pointer: string,
): Promise<Date> {
  const { rows } = await trx.raw<{ rows: Array<{ expires_at: Date; allowed: boolean }> }>(
    `select expires_at, expires_at > now() and expires_at <= now() + interval '365 days' as allowed
     from environments, coalesce(
       cast(:asked as timestamptz),
       now() + make_interval(days => coalesce(cast(settings->>'invitation_lifetime_days' as int), :days))
     ) as expires_at
     where id = :id`,
    { asked, id: environmentId, days: Environment.DEFAULT_INVITATION_LIFETIME_DAYS },
  );
  const [row] = rows;
  if (row?.allowed) return row.expires_at;
  throw invalid("invalid_expires_at", "Give an expiry in the future, at most 365 days away.", pointer);
}
