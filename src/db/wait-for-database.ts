import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Log } from "../log.ts";

/**
 * Waits until Postgres answers a query. Nothing else may be opened before: BullMQ's Postgres backend never recovers
 * from a server that is down while it starts.
 * @param stopped asked between attempts; true gives up.
 */
export async function waitForDatabase(url: string, log: Log, stopped: () => boolean): Promise<void> {
  for (let attempt = 0; !stopped(); attempt += 1) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
    client.on("error", () => {});
    try {
      await client.connect();
      await client.query("select 1");
      return;
    } catch (error) {
      if (attempt % 5 === 0)
        log.warn({ err: error }, "waiting for the database; check DATABASE_URL if this goes on");
      await sleep(1_000);
    } finally {
      await client.end().catch(() => {});
    }
  }
}
