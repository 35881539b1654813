import { openDatabase } from "../src/db/connection.ts";

/** What one kind of statement took Postgres, per operation. Times are in milliseconds and don't include waiting for the network. */
export interface StatementTime {
  calls: number;
  planning: number;
  execution: number;
  text: string;
}

/** Settings of the bench's Postgres server: `pg_stat_statements` also counts planning. */
export const STATEMENT_SETTINGS = {
  shared_preload_libraries: "pg_stat_statements",
  "pg_stat_statements.track_planning": "on",
};

/**
 * Counts the statements that run on a database while `operations` operations are done.
 * @param url of any database of the server; it gets the extension.
 * @param database the name of the one to count on.
 * @returns the statements that take most first.
 */
export async function countStatements(
  url: string,
  database: string,
  operations: number,
  run: () => Promise<unknown>,
): Promise<StatementTime[]> {
  const db = openDatabase({ url, poolSize: 1, name: "bench" });
  try {
    await db.raw("create extension if not exists pg_stat_statements");
    await db.raw(
      "select pg_stat_statements_reset(0, (select oid from pg_database where datname = ?), 0)",
      database,
    );
    await run();
    const { rows } = await db.raw<{ rows: StatementTime[] }>(
      `select calls / :operations::float as calls, total_plan_time / :operations as planning,
         total_exec_time / :operations as execution, query as text
       from pg_stat_statements where dbid = (select oid from pg_database where datname = :database)
       order by total_plan_time + total_exec_time desc`,
      { operations, database },
    );
    return rows;
  } finally {
    await db.destroy();
  }
}
