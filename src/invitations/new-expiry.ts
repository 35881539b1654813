import type { Knex } from "knex";
import { statement } from "../db/statement.ts";
import { invalid } from "../errors.ts";
import { Environment } from "../models/environment.ts";

const findExpiry = statement<
  { expires_at: Date; allowed: boolean },
  { asked: string | null; environment_id: string; days: number }
>(
  "find-new-expiry",
  { asked: "timestamptz", environment_id: "text", days: "int" },
  `
  select expires_at, expires_at > now() and expires_at <= now() + interval '365 days' as allowed
  from environments, coalesce(
    :asked, now() + make_interval(days => coalesce((settings->>'invitation_lifetime_days')::int, :days))
  ) as expires_at
  where id = :environment_id`,
);

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
  const [row] = await findExpiry(trx, {
    asked,
    environment_id: environmentId,
    days: Environment.DEFAULT_INVITATION_LIFETIME_DAYS,
  });
  if (row?.allowed) return row.expires_at;
  throw invalid("invalid_expires_at", "Give an expiry in the future, at most 365 days away.", pointer);
}
