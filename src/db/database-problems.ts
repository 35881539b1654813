import type { ClientBase } from "pg";

/** The facts that decide whether Guildhall can use a database. */
export interface DatabaseFacts {
  version_number: number;
  version: string;
  encoding: string;
  role: string;
  database: string;
  /** The schema in which tables would be created. Null if the search path names no existing schema. */
  schema: string | null;
  may_create: boolean | null;
  may_create_schema: boolean;
}

export async function readDatabaseFacts(client: ClientBase): Promise<DatabaseFacts> {
  const { rows } = await client.query<DatabaseFacts>(`
    select current_setting('server_version_num')::int as version_number, current_setting('server_version') as version,
      current_setting('server_encoding') as encoding, current_user as role, current_database() as database,
      current_schema() as schema, has_schema_privilege(current_schema(), 'create') as may_create,
      has_database_privilege(current_database(), 'create') as may_create_schema`);
  const [facts] = rows;
  if (facts === undefined)
    throw new Error("the database didn't answer a question about its version and rights");
  return facts;
}

/** @returns the reasons why a migration can't succeed, as sentences that say what to do. */
export function databaseProblems(
  { version_number, version, encoding, role, database, schema, may_create, may_create_schema }: DatabaseFacts,
  { queueInPostgres }: { queueInPostgres: boolean },
): string[] {
  const problems: string[] = [];
  if (version_number < 150_000)
    problems.push(`DATABASE_URL leads to Postgres ${version}: Guildhall needs 15 or newer`);
  if (encoding !== "UTF8")
    problems.push(
      `DATABASE_URL leads to a database with the encoding ${encoding}, which can't hold every name: create one with \`create database ${database} encoding 'UTF8' template template0\``,
    );
  if (schema === null)
    problems.push(
      "DATABASE_URL leads to a role whose search_path names no existing schema: create the schema, or correct the search_path",
    );
  else if (!may_create)
    problems.push(
      `DATABASE_URL leads to the role ${role}, which can't create tables in the schema ${schema}: run \`grant create on schema ${schema} to ${role}\` as its owner, or migrate as the owner`,
    );
  if (queueInPostgres && !may_create_schema)
    problems.push(
      `DATABASE_URL leads to the role ${role}, which can't create a schema for the queue: run \`grant create on database ${database} to ${role}\` as its owner, or migrate as the owner`,
    );
  return problems;
}

/** Returns the SQLSTATE or system code of an error, whether it comes from pg or is wrapped by Objection; "" if it has none. */
export function sqlStateOf(error: Error): string {
  const native: unknown = "nativeError" in error ? error.nativeError : error;
  return typeof native === "object" && native !== null && "code" in native ? String(native.code) : "";
}
