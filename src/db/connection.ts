import knex, { type Knex } from "knex";
import pg from "pg";

export interface DatabaseOptions {
  url: string;
  /** Connections at most, of this process. */
  poolSize: number;
  /** Shown in pg_stat_activity. */
  name: string;
  /** Milliseconds a statement may take; 0: as long as it likes. Default 15 s. */
  statementTimeout?: number;
  /** Milliseconds a caller waits for a connection. Default 2 s: an HTTP client waits no longer. */
  patience?: number;
}

/** What fails is thrown to whoever asked; knex would print it besides, between our lines. */
const SILENT = { warn() {}, error() {}, deprecate() {}, debug() {} };

const INT8 = 20;

/** Counts and cents fit a JavaScript number; pg would hand out bigint columns as text. */
const types = {
  getTypeParser: (oid: number, format?: string) =>
    oid === INT8 ? Number : pg.types.getTypeParser(oid, format === "binary" ? "binary" : "text"),
};

/**
 * Every query of ours has an index to go by. A plan is kept for the life of its connection, and one made while a table
 * was small would read the whole of it once it has grown, until Postgres analyzes it: up to a minute.
 */
const PLANS_THAT_LAST = "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off";

/**
 * Opens a pool to Postgres. Nothing is connected yet.
 * A lock is waited for 3 s, and a transaction left idle for 15 s is ended by the server.
 */
export function openDatabase(options: DatabaseOptions): Knex {
  const { url, poolSize, name, statementTimeout = 15_000, patience = 2_000 } = options;
  const connection = {
    connectionString: url,
    application_name: `guildhall-${name}`,
    options: PLANS_THAT_LAST,
    statement_timeout: statementTimeout,
    lock_timeout: 3_000,
    idle_in_transaction_session_timeout: 15_000,
    keepAlive: true,
    types,
  };
  return knex({
    client: "pg",
    connection,
    pool: { min: 0, max: poolSize },
    acquireConnectionTimeout: patience,
    log: SILENT,
  });
}
