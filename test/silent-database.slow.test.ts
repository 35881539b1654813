import type { Knex } from "knex";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openDatabase } from "../src/db/connection.ts";
import { pipelined } from "../src/db/pipelined.ts";
import { statement } from "../src/db/statement.ts";
import { refusalOf } from "../src/http/answer-errors.ts";
import { type SilentProxy, startSilentProxy } from "./support/silent-proxy.ts";
import { createTestDatabase, type TestDatabase } from "./support/test-database.ts";

vi.setConfig({ testTimeout: 60_000 });
/** The time a loaded machine may need for something that takes a moment. */
const SOON = { timeout: 20_000, interval: 50 };
/** Shorter than a process's own limits, to keep the tests short. */
const SHORT = { answer: 3_000, idle: 1_000 };

const count = statement<{ count: number }>("count", {}, "select count(*) from environments");
const readAll = statement("read-all", {}, "select * from environments");

let database: TestDatabase;
let proxy: SilentProxy;
let db: Knex;
beforeEach(async () => {
  database = await createTestDatabase();
  proxy = await startSilentProxy(database.url);
  db = openDatabase({ url: proxy.url, poolSize: 1, name: "test", silence: SHORT, patience: 10_000 });
});
afterEach(async () => {
  await db.destroy();
  proxy.stop();
  await database.drop();
});

describe("after the database vanishes silently,", () => {
  test.each<[string, () => Promise<unknown>]>([
    ["a query", () => db.raw("select 1")],
    ["a prepared statement", () => count(db, {})],
    ["a transaction", () => db.transaction((trx) => trx.raw("select 1"))],
  ])("%s fails in time, and the next one works", async (_, ask) => {
    await ask();
    proxy.silence();
    expect(await refusedWith(ask())).toBe("timeout");
    await ask();
  });

  test("a transaction fails in time, pipelined ones too, and leaves nothing", async () => {
    for (const goOn of [
      (trx: Knex.Transaction) => insert(trx, "two"),
      (trx: Knex.Transaction) => pipelined(trx, [() => count(trx, {}), () => count(trx, {})]),
    ]) {
      const work = db.transaction(async (trx) => {
        await insert(trx, "one");
        proxy.silence();
        await goOn(trx);
      });
      expect(await refusedWith(work)).toBe("unavailable");
    }
    expect(await count(db, {})).toEqual([{ count: 0 }]);
  });

  test("an idle connection is replaced before anyone needs it", async () => {
    const connection = await db.client.acquireConnection();
    await db.client.releaseConnection(connection);
    const ended = new Promise((resolve) => connection.once("end", resolve));
    proxy.silence();
    await ended;
    expect(await count(db, {})).toEqual([{ count: 0 }]);
  });

  test("connecting fails in time if new connections stay silent, too", async () => {
    proxy.silence({ andNew: true });
    expect(await refusedWith(count(db, {}))).toBe("unavailable");
    await proxy.heal();
    await vi.waitFor(() => count(db, {}), SOON);
  });
});

test("a statement may be silent for longer than an idle connection", async () => {
  await db.raw("select pg_sleep(1.5)");
});

test("a connection whose server became a replica is replaced", async () => {
  await db.raw("set session characteristics as transaction read only");
  expect(await refusedWith(insert(db, "one"))).toBe("unavailable");
  await vi.waitFor(() => insert(db, "two"), SOON);
  await db.raw("set session characteristics as transaction read only");
  expect(await refusedWith(db.transaction((trx) => insert(trx, "three")))).toBe("unavailable");
  await vi.waitFor(() => insert(db, "four"), SOON);
});

test("a replica is refused, and its primary is used as soon as it answers", async () => {
  const replica = await createTestDatabase();
  const name = new URL(replica.url).pathname.slice(1);
  await db.raw(`alter database ${name} set default_transaction_read_only = on`);
  const other = openDatabase({ url: replica.url, poolSize: 1, name: "test", silence: SHORT });
  expect(await refusedWith(count(other, {}))).toBe("unavailable");
  await db.raw(`alter database ${name} reset default_transaction_read_only`);
  expect(await count(other, {})).toEqual([{ count: 0 }]);
  await other.destroy();
  await replica.drop();
});

test("changing the schema under a prepared statement costs one request at most", async () => {
  await readAll(db, {});
  await db.raw("alter table environments add column added text");
  expect(await refusedWith(readAll(db, {}))).toBe("unavailable");
  await vi.waitFor(() => readAll(db, {}), SOON);
});

function insert(database: Knex, handle: string): Promise<unknown> {
  return database("environments").insert({ id: `env_${handle}`, handle, name: handle });
}

/** The code of the answer a caller gets. */
async function refusedWith(work: Promise<unknown>): Promise<string | undefined> {
  return work.then(
    () => undefined,
    (error) => refusalOf(error)?.code ?? String(error),
  );
}
