import { afterEach, expect, test, vi } from "vitest";
import { freePort } from "../src/local/free-port.ts";
import { cleanUpProcesses, productionVariables, startGuildhallProcess } from "./support/process.ts";

vi.setConfig({ testTimeout: 120_000 });
afterEach(cleanUpProcesses);

test("in production a library's warning is a JSON line like any other", async () => {
  const database = `postgres://nobody@127.0.0.1:${await freePort()}/nothing?sslmode=require`;
  const smtp = "smtp://127.0.0.1:25";
  const api = startGuildhallProcess(
    "api",
    productionVariables("postgres", { port: await freePort(), database, smtp }),
  );
  await api.prints(/waiting for the database/);
  await api.prints(/SSL modes/);
  api.signal("SIGTERM");
  expect(await api.ends()).toEqual({ code: 0, signal: null });
  for (const line of api.output().trim().split("\n"))
    expect(JSON.parse(line)).toMatchObject({ process: "api", level: expect.any(Number) });
});
