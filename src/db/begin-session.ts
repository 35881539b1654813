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
  select current_setting('transaction_read_only') = 'on' as read_only, count(set_config(name, value, false))
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
  watchConnection(client, patience);
  const { rows } = await client.query<{ read_only: boolean }>(BEGIN, [JSON.stringify(limits)]);
  if (rows[0]?.read_only) {
    const message = "The database is read-only: it is a replica, or set to default_transaction_read_only.";
    throw Object.assign(new Error(message), { code: "25006" });
  }
}
