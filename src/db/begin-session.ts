import type { ClientBase } from "pg";
import { type Patience, watchConnection } from "./watch-connection.ts";

/** Milliseconds; 0: no limit. */
export interface SessionLimits {
  statement_timeout: number;
  lock_timeout: number;
  idle_in_transaction_session_timeout: number;
}

/** An operator who set a limit for the role or the database knows better, even where that is 0. */
const BEGIN = `
  select current_setting('transaction_read_only') = 'on' as read_only,
    (select setting::int from pg_settings where name = 'statement_timeout') as statement_timeout,
    count(set_config(name, value, false))
  from jsonb_each_text($1) ours(name, value) join pg_settings using (name)
  where setting = '0' and source in ('default', 'configuration file', 'command line', 'environment variable')`;

/**
 * Makes a new connection ours: watched, and with limits on the server's side. They are no start-up parameters, which would
 * override the operator's settings, and which PgBouncer refuses.
 * @throws SQLSTATE 25006 for a server that takes no writes: a replica, where the primary is expected.
 */
export async function beginSession(
  client: ClientBase,
  limits: SessionLimits,
  patience: Patience,
): Promise<void> {
  const own = { ...patience };
  watchConnection(client, own);
  const { rows } = await client.query<{ read_only: boolean; statement_timeout: number }>(BEGIN, [
    JSON.stringify(limits),
  ]);
  // Whoever lets statements take longer waits longer for a server that is gone.
  own.answer = Math.max(own.answer, (rows[0]?.statement_timeout ?? 0) + 1_000);
  if (rows[0]?.read_only) {
    const message = "The database is read-only: it is a replica, or set to default_transaction_read_only.";
    throw Object.assign(new Error(message), { code: "25006" });
  }
}
