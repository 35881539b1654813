import { expect, test } from "vitest";
import { openDatabase } from "../src/db/connection.ts";
import { createTestDatabase } from "./support/test-database.ts";

const LIMITS = ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"];

test("our session limits apply unless the operator has set their own", async () => {
  const database = await createTestDatabase();
  const name = new URL(database.url).pathname.slice(1);
  expect(await limitsAt(database.url)).toEqual(["8s", "3s", "10s"]);

  const admin = openDatabase({ url: database.url, poolSize: 1, name: "test" });
  await admin.raw(`alter database ${name} set statement_timeout = '2min'`);
  await admin.raw(`alter database ${name} set idle_in_transaction_session_timeout = 0`);
  await admin.destroy();
  expect(await limitsAt(database.url)).toEqual(["2min", "3s", "0"]);
  expect(await limitsAt(`${database.url}?statement_timeout=500`)).toEqual(["500ms", "3s", "0"]);
  await database.drop();
});

async function limitsAt(url: string): Promise<string[]> {
  const db = openDatabase({ url, poolSize: 1, name: "test" });
  const limits = await db("pg_settings")
    .whereIn("name", LIMITS)
    .select(db.raw("current_setting(name) as value, name"));
  await db.destroy();
  return LIMITS.map((name) => limits.find((limit) => limit.name === name).value);
}
