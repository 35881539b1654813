import type { ClientBase } from "pg";
import { type Patience, watchConnection } from "./watch-connection.ts";

/** Milliseconds. 0 means no limit. */
interface SessionLimits {
  statement_timeout: number;
  lock_timeout: number;
  idle_in_transaction_session_timeout: number;
}

/** Sets each limit unless the operator has set it for the role or the database, even to 0. */
const SET_LIMITS = `
  select current_setting('transaction_read_only') = 'on' as read_only,
    (select setting::int from pg_settings where name = 'statement_timeout') as statement_timeout,
    count(set_config(name, value, false))
  from jsonb_each_text($1) ours(name, value) join pg_settings using (name)
  where setting = '0' and source in ('default', 'configuration file', 'command line', 'environment variable')`;

/**
 * Prepares a new connection: watches it, and sets limits that the server enforces. They aren't start-up parameters,
 * because those would override the operator's settings, and PgBouncer refuses them.
 * @throws SQLSTATE 25006 if the server takes no writes, as a replica.
 */
export async function prepareConnection(
  client: ClientBase,
  limits: SessionLimits,
  patience: Patience,
): Promise<void> {
  const own = { ...patience };
  watchConnection(client, own);
  const { rows } = await client.query<{ read_only: boolean; statement_timeout: number }>(SET_LIMITS, [
    JSON.stringify(limits),
  ]);
  // An operator who allows longer statements also waits longer for a server that is gone.
  own.answer = Math.max(own.answer, (rows[0]?.statement_timeout ?? 0) + 1_000);
  if (rows[0]?.read_only) {
    const message = "The database is read-only: it is a replica, or set to default_transaction_read_only.";
    throw Object.assign(new Error(message), { code: "25006" });
  }
}
