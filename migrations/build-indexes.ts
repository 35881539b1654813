import type { Knex } from "knex";

/**
 * Builds indexes beside the writes of a live database, which no transaction allows: a migration that calls it declares
 * `transaction: false`. One that was interrupted is left behind as invalid, and begun again by the next run.
 * @param indexes by name what each is on.
 * @param replaced names of those that they take the place of.
 */
export async function buildIndexes(
  knex: Knex,
  indexes: Record<string, string>,
  replaced: string[] = [],
  kind: "index" | "unique index" = "index",
): Promise<void> {
  const client: Knex.Client = knex.client;
  const connection = await client.acquireConnection();
  const run = (sql: string, values: string[] = []) => knex.raw(sql, values).connection(connection);
  const { rows } = await run("show lock_timeout");
  try {
    // An index waits for every transaction that began before it, and holds up nobody meanwhile.
    await run("set lock_timeout = 0");
    for (const [name, on] of Object.entries(indexes)) {
      await run(`drop index concurrently if exists ${name}`);
      await run(`create ${kind} concurrently ${name} on ${on}`);
    }
    for (const name of replaced) await run(`drop index concurrently if exists ${name}`);
  } finally {
    // The pool hands this connection to the next migration, whose locks others would queue behind.
    await run("select set_config('lock_timeout', ?, false)", [rows[0].lock_timeout]);
    await client.releaseConnection(connection);
  }
}
