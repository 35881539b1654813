import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { allMigrations } from "../../migrations/all-migrations.ts";
import { ConfigError } from "../config/read-config.ts";
import { CONNECT_TIMEOUT, openDatabase } from "./connection.ts";
import { databaseProblems, readDatabaseFacts, sqlStateOf } from "./database-problems.ts";
import { isQueueSchemaReady, prepareQueueSchema } from "./queue-schema.ts";

/** The number, chosen at random, of the advisory lock that a migration holds. */
const MIGRATING = 7_148_501;

const UNDEFINED_TABLE = "42P01";

type Entry = (typeof allMigrations)[number];

/**
 * The tables in which knex records finished migrations. Version 0.1.0 refuses to start if its table has a migration
 * it doesn't know. Later migrations have a table of their own, so that version 0.1.0 can start on the schema of any
 * later version.
 */
const LISTS = [
  { tableName: "knex_migrations", ...listing((name) => name < "0012") },
  { tableName: "guildhall_migrations", ...listing((name) => name >= "0012") },
];

function listing(includes: (name: string) => boolean) {
  return {
    migrationSource: {
      getMigrations: async () => allMigrations.filter(({ name }) => includes(name)),
      getMigrationName: ({ name }: Entry) => name,
      getMigration: async ({ migration }: Entry) => migration,
    },
  };
}

interface Options {
  queueInPostgres: boolean;
}

interface SchemaState {
  /** Migrations of this version that the database lacks. */
  pending: string[];
  /** Migrations of the database that this version doesn't know: a newer version ran them. */
  newer: string[];
}

/**
 * Migrates the database to this version: our tables, and BullMQ's if the queue is in Postgres.
 * Any number of processes may call this at once. The advisory lock ends with its connection, so a killed migration
 * blocks nobody. Knex's own lock row survives its owner, so the holder of the advisory lock frees it.
 * A database that a newer version has migrated stays as it is: this version runs on it (docs/decisions/017).
 * @returns the names of the migrations that ran now, and of those that this version doesn't know.
 * @throws ConfigError if the database can't be migrated, before anything is changed.
 */
export async function migrate(
  url: string,
  options: Options,
): Promise<{ migrations: string[]; newer: string[] }> {
  const guard = await connect(url);
  const db = openDatabase({ url, poolSize: 2, name: "migrate", statementTimeout: 0 });
  try {
    await lock(guard);
    const { pending, newer } = await readState(guard, options);
    if (newer.length > 0 && pending.length > 0) {
      const both = `it has ${newer.join(", ")}, which this version doesn't know, and lacks ${pending.join(", ")}`;
      throw new ConfigError(
        `DATABASE_URL leads to a database that was migrated by a version from another branch: ${both}`,
      );
    }
    if (newer.length > 0) return { migrations: [], newer };
    const problems = databaseProblems(await readDatabaseFacts(guard), options);
    if (problems.length > 0) throw new ConfigError(problems.join("\n"));
    const migrations: string[] = [];
    for (const list of LISTS) {
      await db.migrate.forceFreeMigrationsLock(list);
      const [, names]: [number, string[]] = await db.migrate.latest(list);
      migrations.push(...names);
    }
    if (options.queueInPostgres) await prepareQueueSchema(guard);
    return { migrations, newer };
  } finally {
    await db.destroy();
    await guard.end();
  }
}

/** Compares the database's schema with this version. Needs only the right to read. */
export async function schemaState(url: string, options: Options): Promise<SchemaState> {
  const client = await connect(url, CONNECT_TIMEOUT);
  try {
    return await readState(client, options);
  } finally {
    // Don't wait: a server that is gone never answers.
    client.end().catch(() => {});
  }
}

async function connect(url: string, query_timeout?: number): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    application_name: "guildhall-migrate",
    connectionTimeoutMillis: CONNECT_TIMEOUT,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    ...(query_timeout === undefined ? {} : { query_timeout }),
  });
  client.on("error", () => {});
  await client.connect();
  return client;
}

/**
 * Tries until it gets the lock. Waiting inside a statement would run into the operator's limits on statements and
 * locks, and would hold up an index that another process is building.
 */
async function lock(guard: pg.Client): Promise<void> {
  for (;;) {
    const { rows } = await guard.query("select pg_try_advisory_lock($1) as locked", [MIGRATING]);
    if (rows[0].locked) return;
    await sleep(200);
  }
}

async function readState(client: pg.Client, { queueInPostgres }: Options): Promise<SchemaState> {
  const done: string[] = [];
  for (const { tableName } of LISTS) done.push(...(await completedIn(client, tableName)));
  const known = allMigrations.map(({ name }) => name);
  const pending = known.filter((name) => !done.includes(name));
  if (queueInPostgres && !(await isQueueSchemaReady(client))) pending.push("the queue's tables");
  return { pending, newer: done.filter((name) => !known.includes(name)) };
}

async function completedIn(client: pg.Client, table: string): Promise<string[]> {
  try {
    const { rows } = await client.query<{ name: string }>(`select name from ${table} order by id`);
    return rows.map(({ name }) => name);
  } catch (error) {
    // The first migration creates the table.
    if (error instanceof Error && sqlStateOf(error) === UNDEFINED_TABLE) return [];
    throw error;
  }
}
