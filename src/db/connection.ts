import knex, { type Knex } from "knex";
import pg from "pg";
import { prepareConnection } from "./prepare-connection.ts";
import type { Patience } from "./watch-connection.ts";

export interface DatabaseOptions {
  url: string;
  /** The most connections of this process. */
  poolSize: number;
  /** Shown in pg_stat_activity. */
  name: string;
  /** Milliseconds a statement may take. 0 means no limit. Default: 8 s. */
  statementTimeout?: number;
  /** Milliseconds a caller waits for a connection. Default: 2 s, because HTTP clients shouldn't wait longer. */
  patience?: number;
  /** How long the server may be silent. Default: a little longer than a statement may take. */
  silence?: Patience;
}

/** Milliseconds for connecting, login included. */
export const CONNECT_TIMEOUT = 5_000;

/** Milliseconds. With this value, work goes on within 15 s after a host has vanished. */
const IDLE = 3_000;

/** Errors are thrown to the caller. Knex would print them as well, between our log lines. */
const SILENT = { warn() {}, error() {}, deprecate() {}, debug() {} };

const INT8 = 20;

/** Returns bigint columns as numbers, not as text: counts and cents fit. */
const types = {
  getTypeParser: (oid: number, format?: string) =>
    oid === INT8 ? Number : pg.types.getTypeParser(oid, format === "binary" ? "binary" : "text"),
};

/**
 * Plans a prepared statement once per connection, for any values, because planning a list takes longer than reading it,
 * and makes plans that stay good while tables grow. Every query of ours has an index. But a plan made while a table was
 * small would otherwise go on reading the whole table, up to a minute, until Postgres analyzes it (decision 030).
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
 * Opens a pool to Postgres, without connecting yet. Unless the operator has set other limits, the server gives up
 * waiting for a lock after 3 s, and ends a transaction that is idle for 10 s.
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
    prepareConnection(client, limits, silence).then(
      () => done(null),
      (error) => {
        done(error);
        // Don't wait: a server that is gone never answers.
        client.end().catch(() => {});
      },
    );
  }

  return knex({
    client: "pg",
    // Any value will do. Without one, knex would ask the server with a query that has no limit.
    version: "15",
    connection,
    pool: { min: 0, max: poolSize, afterCreate },
    acquireConnectionTimeout: patience,
    log: SILENT,
  });
}
