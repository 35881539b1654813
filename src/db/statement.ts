import type { Knex } from "knex";

/**
 * A statement on the hot path: written by hand, parsed and planned once per connection. It goes to the pooled
 * connection directly: building a `knex.raw` for it would take as long as all the rest.
 * @param name unique among all statements: the name it is prepared under.
 * @param text SQL with `$1`-style parameters (and no question mark, which knex would take for one of its own).
 * @returns a function that runs it, inside a transaction when given one; its `query` is for whoever has no knex.
 */
export function statement<Row>(name: string, text: string) {
  async function run(db: Knex, values: unknown[]): Promise<Row[]> {
    const client: Knex.Client = db.client;
    const connection = await client.acquireConnection();
    try {
      const query = { sql: text, options: { name, values } };
      const { response }: { response: { rows: Row[] } } = await client.query(connection, query);
      return response.rows;
    } finally {
      await client.releaseConnection(connection);
    }
  }
  return Object.assign(run, { query: { name, text } });
}
