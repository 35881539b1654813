import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Log } from "../log.ts";
import { CONNECT_TIMEOUT } from "./connection.ts";

/**
 * Waits until Postgres answers a query and takes writes. Open nothing else before that: BullMQ's Postgres backend
 * never recovers from a server that is down when it starts.
 * @param stopped called before each attempt; true gives up.
 */
export async function waitForDatabase(url: string, log: Log, stopped: () => boolean): Promise<void> {
  for (let attempt = 0; !stopped(); attempt += 1) {
    const client = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: CONNECT_TIMEOUT,
      query_timeout: CONNECT_TIMEOUT,
    });
    client.on("error", () => {});
    try {
      await client.connect();
      const { rows } = await client.query<{ transaction_read_only: string }>("show transaction_read_only");
      if (rows[0]?.transaction_read_only !== "on") return;
      if (attempt % 5 === 0)
        log.warn(
          "waiting for the database to take writes: DATABASE_URL leads to a replica, or the database or its role is read-only",
        );
      await sleep(1_000);
    } catch (error) {
      if (attempt % 5 === 0)
        log.warn({ err: error }, "waiting for the database; check DATABASE_URL if this goes on");
      await sleep(1_000);
    } finally {
      // Don't wait: a server that is gone never answers.
      client.end().catch(() => {});
    }
  }
}
