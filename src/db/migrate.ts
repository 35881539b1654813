import { setTimeout as sleep } from "node:timers/promises";
import { runMigrations } from "bullmq";
import pg from "pg";
import { allMigrations } from "../../migrations/all-migrations.ts";
import { openDatabase } from "./connection.ts";

/** Any number: it names "somebody migrates Guildhall" among this database's advisory locks. */
const MIGRATING = 7_148_501;

const migrationSource = {
  getMigrations: async () => allMigrations,
  getMigrationName: (entry: (typeof allMigrations)[number]) => entry.name,
  getMigration: async (entry: (typeof allMigrations)[number]) => entry.migration,
};

/**
 * Brings the database to this version: our tables, and BullMQ's when the queue lives in Postgres.
 * Any number of processes may call it at once. The advisory lock dies with its connection, so a killed migration
 * blocks nobody; knex's own lock row survives its owner, hence it is freed by whoever holds the advisory lock.
 * @returns the names of the migrations that ran now.
 */
export async function migrate(
  url: string,
  { queueInPostgres }: { queueInPostgres: boolean },
): Promise<string[]> {
  const guard = new pg.Client({ connectionString: url, application_name: "guildhall-migrate" });
  await guard.connect();
  const db = openDatabase({ url, poolSize: 2, name: "migrate", statementTimeout: 0 });
  try {
    await waitForTurn(guard);
    await db.migrate.forceFreeMigrationsLock({ migrationSource });
    const [, names]: [number, string[]] = await db.migrate.latest({ migrationSource });
    if (queueInPostgres) await runMigrations(guard);
    return names;
  } finally {
    await db.destroy();
    await guard.end();
  }
}

/** Asks until the lock is free: to wait inside a statement would hold up an index that another process builds meanwhile. */
async function waitForTurn(guard: pg.Client): Promise<void> {
  for (;;) {
    const { rows } = await guard.query("select pg_try_advisory_lock($1) as free", [MIGRATING]);
    if (rows[0]?.free) return;
    await sleep(200);
  }
}

/** The names of migrations this version has and the database has not. */
export async function pendingMigrations(url: string): Promise<string[]> {
  const db = openDatabase({ url, poolSize: 1, name: "migrate" });
  try {
    const [, pending]: [unknown, typeof allMigrations] = await db.migrate.list({ migrationSource });
    return pending.map((entry) => entry.name);
  } finally {
    await db.destroy();
  }
}
