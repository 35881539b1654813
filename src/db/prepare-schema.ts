import { setTimeout as sleep } from "node:timers/promises";
import type { Settings } from "../config/variables.ts";
import type { Log } from "../log.ts";
import { migrate, schemaState } from "./migrate.ts";

/** Normal while a new version is rolled out, and after it was rolled back. */
const NEWER = "a newer version has migrated the database; this version runs on it";

/**
 * Makes sure that the schema has everything this version needs. In production it waits for `npm run migrate`, so that
 * a serving process's database role needs no right to change tables. Elsewhere it migrates by itself.
 */
export async function prepareSchema(
  { DATABASE_URL, REDIS_URL, production }: Pick<Settings, "DATABASE_URL" | "REDIS_URL" | "production">,
  log: Log,
  stopped: () => boolean,
): Promise<void> {
  const options = { queueInPostgres: REDIS_URL === undefined };
  for (let attempt = 0; !stopped(); attempt += 1) {
    const state = await schemaState(DATABASE_URL, options).catch((error) => {
      if (attempt % 10 === 0) log.warn({ err: error }, "the schema can't be read; trying again");
    });
    if (state?.pending.length === 0) {
      if (state.newer.length > 0) log.info({ newer: state.newer }, NEWER);
      return;
    }
    if (state !== undefined && !production) {
      const { migrations } = await migrate(DATABASE_URL, options);
      log.info({ migrations }, "migrated");
      return;
    }
    if (state !== undefined && attempt % 10 === 0)
      log.warn({ pending: state.pending }, "waiting for `npm run migrate`");
    await sleep(1_000);
  }
}
