import { readdir } from "node:fs/promises";
import { afterEach, expect, test, vi } from "vitest";
import { cleanUpProcesses, newDataDirectory, startGuildhallProcess } from "./support/process.ts";

vi.setConfig({ testTimeout: 120_000 });
afterEach(cleanUpProcesses);

const ALWAYS_NEEDED = ["DATABASE_URL", "SMTP_URL", "PUBLIC_URL", "MAIL_FROM", "SECRET_KEY", "ADMIN_TOKEN"];

test.each(["all", "api"] as const)(
  "%s in production names all missing variables and starts nothing",
  async (role) => {
    const { output, left } = await refusal(role, { NODE_ENV: "production" });
    for (const name of ALWAYS_NEEDED) expect(output).toContain(`${name} is missing`);
    expect(left).toEqual([]);
  },
);

test("migrate in production needs only a database", async () => {
  const { output } = await refusal("migrate", { NODE_ENV: "production" });
  expect(output).toMatch(/^Guildhall can't start:\nDATABASE_URL is missing: .*\n$/);
});

test.each(["api", "worker"] as const)(
  "%s in development asks for a database instead of bringing one",
  async (role) => {
    const { output, left } = await refusal(role, {});
    expect(output).toContain("DATABASE_URL is missing: only `npm start` starts its own Postgres");
    expect(left).toEqual([]);
  },
);

test("every wrong variable is named with its expected value", async () => {
  const { output } = await refusal("all", { PORT: "door", SWEEP_EVERY: "often", SECRET_KEY: "short" });
  expect(output).toContain("PORT must be a port number");
  expect(output).toContain("SWEEP_EVERY must be a duration");
  expect(output).toContain("SECRET_KEY must have at least 32 bytes");
});

/** Starts a process that should refuse to start. @returns its output, and the files in its DATA_DIR. */
async function refusal(
  role: "all" | "api" | "worker" | "migrate",
  variables: Record<string, string>,
): Promise<{ output: string; left: string[] }> {
  const DATA_DIR = await newDataDirectory();
  const guildhall = startGuildhallProcess(role, { DATA_DIR, ...variables });
  expect(await guildhall.ends()).toEqual({ code: 1, signal: null });
  expect(guildhall.output()).not.toMatch(/^ +at /m);
  return { output: guildhall.output(), left: await readdir(DATA_DIR) };
}
