import type { Knex } from "knex";

type SqlType =
  | "text"
  | "text[]"
  | "int"
  | "int[]"
  | "bigint"
  | "boolean"
  | "timestamptz"
  | "json"
  | "jsonb"
  | "bytea";

/** A literal, a quoted name, a comment or a cast, all of which stay unchanged; or a parameter. */
const TOKEN = /'(?:[^']|'')*'|"[^"]*"|--[^\n]*|::|(\$\d+)|:([a-z_]\w*)/g;

/**
 * Defines a prepared statement, which Postgres parses and plans once per connection. It goes to the pooled connection
 * directly, because building a `knex.raw` would take as long as everything else.
 * @param name the name it is prepared under, unique among all statements.
 * @param parameters the SQL type of each parameter.
 * @param text SQL with named parameters such as `:organization_id`. It must not contain a question mark, which knex
 *   would take for one of its own parameters.
 * @returns a function that runs it, in a transaction if given one. Its `query` is for callers without knex.
 * @throws at definition, if the text and the parameters don't have the same names.
 */
export function statement<Row, Params extends object = Record<never, never>>(
  name: string,
  parameters: { [Name in keyof Params]: SqlType },
  text: string,
) {
  const { sql, names } = compile(name, parameters, text);
  const query = (params: Params) => ({
    name,
    text: sql,
    values: names.map((key) => params[key as keyof Params]),
  });
  const run = (db: Knex, params: Params) => runPrepared<Row>(db, query(params));
  return Object.assign(run, { query });
}

/** Runs a statement under its name, inside a transaction when given one: a connection parses and plans it once. */
export async function runPrepared<Row>(
  db: Knex,
  { name, text: sql, values }: { name: string; text: string; values: unknown[] },
): Promise<Row[]> {
  // `acquireConnection` and `query` aren't in knex's documented API. The tests of transactions check what we rely on.
  const client: Knex.Client = db.client;
  const connection = await client.acquireConnection();
  try {
    const query = { sql, options: { name, values } };
    const { response }: { response: { rows: Row[] } } = await client.query(connection, query);
    noteName(connection, name);
    return response.rows;
  } finally {
    await client.releaseConnection(connection);
  }
}

/** The most statements that a connection prepares. Postgres keeps the plan of each in memory until the connection ends. */
const MOST_NAMES = 500;

const namesOf = new WeakMap<object, Set<string>>();

/** Has the pool replace a connection that has prepared too many statements, once nobody uses it. */
function noteName(connection: { __knex__disposed?: string }, name: string): void {
  const names = namesOf.get(connection) ?? new Set();
  namesOf.set(connection, names.add(name));
  if (names.size > MOST_NAMES) connection.__knex__disposed = "It has prepared too many statements.";
}

/** Numbers the parameters and adds their types: every `:organization_id` becomes `$1::text`. */
function compile(
  name: string,
  parameters: Record<string, SqlType>,
  text: string,
): { sql: string; names: string[] } {
  const names: string[] = [];
  const sql = text.replace(TOKEN, (token, positional?: string, named?: string) => {
    if (positional !== undefined)
      throw new Error(`The statement ${name} has ${positional}: name the parameter.`);
    if (named === undefined) return token;
    if (parameters[named] === undefined)
      throw new Error(`The statement ${name} has no parameter ${named}: declare its type.`);
    if (!names.includes(named)) names.push(named);
    return `$${names.indexOf(named) + 1}::${parameters[named]}`;
  });
  const unused = Object.keys(parameters).filter((declared) => !names.includes(declared));
  if (unused.length > 0)
    throw new Error(`The statement ${name} doesn't use ${unused.join(", ")}: remove the declaration.`);
  return { sql, names };
}
