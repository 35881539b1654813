import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import pg from "pg";
import type { TestProject } from "vitest/node";
import { migrate } from "../../src/db/migrate.ts";
import { freePort } from "../../src/local/free-port.ts";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../src/local/postgres.ts";
import { compileMailsApart } from "../../src/mail/compile-mails-apart.ts";
import type { MailSources } from "../../src/mail/mail-renderer.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** A migrated database, to be cloned: one clone per test file. */
    templateUrl: string;
    /** Undefined where there is no Redis on this machine. */
    redisUrl: string | undefined;
    /** A directory that is removed after the run. */
    scratch: string;
    /** Compiled once and kept for the next run, since MJML takes longer than most files take to run. */
    mailSources: MailSources;
  }
}

/** Lets a process read TypeScript, as the npm scripts do. */
const TYPESCRIPT = ["--import", "tsx"];

/** One Postgres and, where the machine has it, one Redis for the whole run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const redis = await startRedis();
  const directory = await mkdtemp(join(tmpdir(), "guildhall-test-"));
  // Postgres runs as another user when the tests run as root: it must get through.
  await chmod(directory, 0o755);
  // In a process of its own, while Postgres starts. A mistake in a template is thrown below.
  const compiling = compileMailsApart(TYPESCRIPT);
  compiling.catch(() => {});
  const postgres = await startPostgres(join(directory, "postgres"));
  const stop = async () => {
    await redis?.stop();
    await postgres.stop();
    await rm(directory, { recursive: true, force: true, maxRetries: 10 });
  };
  project.provide("templateUrl", postgres.url);
  project.provide("scratch", directory);
  project.provide("redisUrl", redis?.url);
  try {
    project.provide("mailSources", await compiling);
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}

async function startPostgres(directory: string): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({
    directory,
    database: "guildhall_template",
    durable: false,
    // Statistics come from a test's own `analyze`, never by chance.
    settings: { max_connections: "400", autovacuum: "off", wal_level: "minimal", max_wal_senders: "0" },
  });
  await migrate(postgres.url, { queueInPostgres: true });
  await loginQuickly(postgres.url);
  return postgres;
}

/** Thousands of connections are opened: each would hash the password 4,096 times, on both sides. */
async function loginQuickly(url: string): Promise<void> {
  const { username, password } = new URL(url);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query("set scram_iterations = 1");
  await client.query(`alter role ${username} password '${password}'`);
  await client.end();
}

/**
 * A Redis of our own on a free port, from the `redis-server` on the machine.
 * @throws where there is none and REQUIRE_REDIS is set, as in CI: there nothing may be skipped.
 */
async function startRedis(): Promise<{ url: string; stop(): Promise<void> } | undefined> {
  const port = await freePort();
  const options = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--databases", "4096"];
  const server = spawn("redis-server", options, { stdio: "ignore" });
  const absent = once(server, "error").then(() => true);
  const url = `redis://127.0.0.1:${port}`;
  if (await Promise.race([absent, answers(url)])) {
    if (process.env.REQUIRE_REDIS)
      throw new Error("REQUIRE_REDIS is set, but there is no redis-server to start");
    return undefined;
  }
  return {
    url,
    async stop() {
      server.kill("SIGTERM");
      await once(server, "exit");
    },
  };
}

/** @returns false when it answers, so that it can race against its absence. */
async function answers(url: string): Promise<boolean> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => 100, maxRetriesPerRequest: 100 });
  client.on("error", () => {});
  for (;;) {
    try {
      await client.ping();
      client.disconnect();
      return false;
    } catch {
      await sleep(100);
    }
  }
}
