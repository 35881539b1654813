import type { Knex } from "knex";
import type pg from "pg";

interface Plan {
  "Node Type": string;
  "Relation Name"?: string;
  "Index Name"?: string;
  "Actual Rows": number;
  "Actual Loops": number;
  "Rows Removed by Filter"?: number;
  "Rows Removed by Index Recheck"?: number;
  "Shared Hit Blocks": number;
  "Shared Read Blocks": number;
  Plans?: Plan[];
}

/** The rows that the database read for one statement. */
export interface Reading {
  sql: string;
  rows: number;
  blocks: number;
}

interface Sent {
  sql: string;
  bindings?: unknown[];
  options?: { values?: unknown[] };
}

/**
 * Runs a request, and then each statement that it sent once more under `explain analyze`.
 * @returns for each statement the rows that its scans read, whether or not they were kept, and the blocks that it
 *   read, including those of functions it called.
 */
export async function readingsOf(db: Knex, ask: () => Promise<void>): Promise<Reading[]> {
  const sent: Sent[] = [];
  const note = (query: Sent) => void sent.push(query);
  db.on("query", note);
  try {
    await ask();
  } finally {
    db.removeListener("query", note);
  }
  const client: Knex.Client = db.client;
  const connection: pg.Client = await client.acquireConnection();
  try {
    const readings: Reading[] = [];
    for (const { sql, bindings, options } of sent) {
      if (!/^\s*(select|with)\b/i.test(sql)) continue;
      const { rows } = await connection.query(
        `explain (analyze, buffers, format json) ${sql}`,
        options?.values ?? bindings ?? [],
      );
      const plan: Plan = rows[0]["QUERY PLAN"][0].Plan;
      readings.push({
        sql,
        rows: rowsMetBy(plan),
        blocks: plan["Shared Hit Blocks"] + plan["Shared Read Blocks"],
      });
    }
    return readings;
  } finally {
    await client.releaseConnection(connection);
  }
}

function rowsMetBy(plan: Plan): number {
  const isScan = plan["Relation Name"] !== undefined || plan["Index Name"] !== undefined;
  const met =
    plan["Actual Rows"] +
    (plan["Rows Removed by Filter"] ?? 0) +
    (plan["Rows Removed by Index Recheck"] ?? 0);
  const below = (plan.Plans ?? []).map(rowsMetBy).reduce((sum, rows) => sum + rows, 0);
  return Math.round(below + (isScan ? met * plan["Actual Loops"] : 0));
}
