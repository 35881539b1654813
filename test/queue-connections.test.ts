import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { expect, test } from "vitest";
import { openQueueBackend } from "../jobs/queue-backend.ts";
import { openQueues } from "../jobs/queues.ts";
import { createLog } from "../src/log.ts";
import { createTestDatabase } from "./support/test-database.ts";

const OPENED = 15;

test("a cut connection of the Postgres queue fails only its own query", async () => {
  const database = await createTestDatabase();
  const axe = new pg.Client({ connectionString: database.url });
  await axe.connect();
  const uncaught: unknown[] = [];
  const note = (error: unknown) => uncaught.push(error);
  process.on("uncaughtException", note);
  for (let opened = 0; opened < OPENED; opened += 1) {
    const backend = openQueueBackend({ DATABASE_URL: database.url });
    const queues = openQueues(backend, createLog("silent", "test"));
    const asked = queues.ping().catch(() => {});
    await sleep(4 * opened);
    await axe.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()",
    );
    await asked;
    await queues.ping().catch(() => {});
    await queues.close();
    await backend.close();
  }
  process.off("uncaughtException", note);
  await axe.end();
  await database.drop();
  expect(uncaught).toEqual([]);
});
