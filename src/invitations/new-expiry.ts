import type { Knex } from "knex";
import { statement } from "../db/statement.ts";
import { invalid, type Refusal } from "../errors.ts";
import { Environment } from "../models/environment.ts";

const LONGEST_DAYS = 365;

/** Makes the SQL condition that an expiry is allowed: in the future, but not too far. @param expiry SQL of a time. */
export function expiryAllowedSql(expiry: string): string {
  return `(${expiry} > now() and ${expiry} <= now() + interval '${LONGEST_DAYS} days')`;
}

/** The refusal for an expiry that isn't allowed. */
export function invalidExpiry(pointer: string): Refusal {
  const detail = `Give an expiry in the future, at most ${LONGEST_DAYS} days away.`;
  return invalid("invalid_expires_at", detail, pointer);
}

const findExpiry = statement<
  { expires_at: Date; allowed: boolean },
  { asked: string | null; environment_id: string; days: number }
>(
  "find-new-expiry",
  { asked: "timestamptz", environment_id: "text", days: "int" },
  `
  select expires_at, ${expiryAllowedSql("expires_at")} as allowed
  from environments, coalesce(
    :asked, now() + make_interval(days => coalesce((settings->>'invitation_lifetime_days')::int, :days))
  ) as expires_at
  where id = :environment_id`,
);

/**
 * Computes the expiry of an invitation by the database's clock.
 * @param asked ISO 8601; null means the environment's lifetime from now.
 * @param pointer its place in the request.
 * @throws 422 for a time in the past or over 365 days away.
 */
export async function newExpiry(
  trx: Knex.Transaction,
  environmentId: string,
  asked: string | null,
  pointer: string,
): Promise<Date> {
  const days = Environment.DEFAULT_INVITATION_LIFETIME_DAYS;
  const [row] = await findExpiry(trx, { asked, environment_id: environmentId, days });
  if (row?.allowed) return row.expires_at;
  throw invalidExpiry(pointer);
}
