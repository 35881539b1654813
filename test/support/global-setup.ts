import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import type { TestProject } from "vitest/node";
import { migrate } from "../../src/db/migrate.ts";
import { freePort } from "../../src/local/free-port.ts";
import { startEmbeddedPostgres } from "../../src/local/postgres.ts";
import { compileMails } from "../../src/mail/compile-mails.ts";
import type { MailSources } from "../../src/mail/mail-renderer.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** A migrated database, to be cloned: one clone per test file. */
    templateUrl: string;
    /** Undefined where there is no Redis on this machine. */
    redisUrl: string | undefined;
    /** A directory that is removed after the run. */
    scratch: string;
    /** Compiled once, since MJML takes longer to load than most files take to run. */
    mailSources: MailSources;
  }
}

/** One Postgres and, where the machine has it, one Redis for the whole run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const redis = await startRedis();
  const directory = await mkdtemp(join(tmpdir(), "guildhall-test-"));
  // Postgres runs as another user when the tests run as root: it must get through.
  await chmod(directory, 0o755);
  const postgres = await startEmbeddedPostgres({
    directory: join(directory, "postgres"),
    database: "guildhall_template",
    durable: false,
    settings: { max_connections: "400" },
  });
  await migrate(postgres.url, { queueInPostgres: true });
  project.provide("templateUrl", postgres.url);
  project.provide("scratch", directory);
  project.provide("redisUrl", redis?.url);
  project.provide("mailSources", await compileMails());
  return async () => {
    await redis?.stop();
    await postgres.stop();
    await rm(directory, { recursive: true, force: true, maxRetries: 10 });
  };
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
