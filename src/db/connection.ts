import knex, { type Knex } from "knex";
import pg from "pg";
import { beginSession } from "./begin-session.ts";
import type { Patience } from "./watch-connection.ts";

export interface DatabaseOptions {
  url: string;
  /** Connections at most, of this process. */
  poolSize: number;
  /** Shown in pg_stat_activity. */
  name: string;
  /** Milliseconds a statement may take; 0: as long as it likes. Default 8 s. */
  statementTimeout?: number;
  /** Milliseconds a caller waits for a connection. Default 2 s: an HTTP client waits no longer. */
  patience?: number;
  /** How long a server may be silent. By default a little longer than a statement may take. */
  silence?: Patience;
}

/** Milliseconds a new connection may take, login included. */
export const CONNECT_TIMEOUT = 5_000;

/** Milliseconds. With an idle connection's 3 s, work goes on within 15 s after a host vanished. */
const IDLE = 3_000;

/** What fails is thrown to whoever asked; knex would print it besides, between our lines. */
const SILENT = { warn() {}, error() {}, deprecate() {}, debug() {} };

const INT8 = 20;

/** Counts and cents fit a JavaScript number; pg would hand out bigint columns as text. */
const types = {
  getTypeParser: (oid: number, format?: string) =>
    oid === INT8 ? Number : pg.types.getTypeParser(oid, format === "binary" ? "binary" : "text"),
};

/**
 * A prepared statement is planned once per connection, for any values: planning a list takes longer than reading it.
 * Every query of ours has an index to go by; a plan made while a table was small would otherwise read all of it once it
 * has grown, until Postgres analyzes it, which takes up to a minute.
 */
const PLANS_THAT_LAST = [
  "plan_cache_mode=force_generic_plan",
  "enable_seqscan=off",
  "enable_hashjoin=off",
  "enable_mergejoin=off",
  "jit=off",
]
  .map((setting) => `-c ${setting}`)
  .join(" ");

/**
 * Opens a pool to Postgres. Nothing is connected yet.
 * A lock is waited for 3 s, and a transaction left idle for 10 s is ended by the server, unless the operator set other
 * limits.
 */
export function openDatabase(options: DatabaseOptions): Knex {
  const { url, poolSize, name, statementTimeout = 8_000, patience = 2_000 } = options;
  const answer = statementTimeout === 0 ? Number.POSITIVE_INFINITY : statementTimeout + 1_000;
  const { silence = { answer, idle: IDLE } } = options;
  const limits = {
    statement_timeout: statementTimeout,
    lock_timeout: 3_000,
    idle_in_transaction_session_timeout: 10_000,
  };
  const connection = {
    connectionString: url,
    application_name: `guildhall-${name}`,
    options: PLANS_THAT_LAST,
    connectionTimeoutMillis: CONNECT_TIMEOUT,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types,
  };

  function afterCreate(client: pg.Client, done: (error: Error | null) => void): void {
    beginSession(client, limits, silence).then(
      () => done(null),
      (error) => {
        done(error);
        // Not waited for: a server that is gone doesn't say goodbye.
        client.end().catch(() => {});
      },
    );
  }

  return knex({
    client: "pg",
    // Anything: else knex would ask for it, by a query without a limit.
    version: "15",
    connection,
    pool: { min: 0, max: poolSize, afterCreate },
    acquireConnectionTimeout: patience,
    log: SILENT,
  });
}
