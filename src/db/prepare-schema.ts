import { setTimeout as sleep } from "node:timers/promises";
import type { Settings } from "../config.ts";
import type { Log } from "../log.ts";
import { migrate, pendingMigrations } from "./migrate.ts";

/**
 * Sees to it that the schema is this version's. In production a process that serves waits for `npm run migrate` to be
 * run, so that its database role needs no right to change tables; elsewhere it migrates by itself.
 */
export async function prepareSchema(
  { DATABASE_URL, REDIS_URL, production }: Pick<Settings, "DATABASE_URL" | "REDIS_URL" | "production">,
  log: Log,
  stopped: () => boolean,
): Promise<void> {
  if (!production) {
    const migrations = await migrate(DATABASE_URL, { queueInPostgres: REDIS_URL === undefined });
    if (migrations.length > 0) log.info({ migrations }, "migrated");
    return;
  }
  for (let attempt = 0; !stopped(); attempt += 1) {
    const pending = await pendingMigrations(DATABASE_URL);
    if (pending.length === 0) return;
    if (attempt % 10 === 0) log.warn({ pending }, "waiting for `npm run migrate`");
    await sleep(1_000);
  }
}
