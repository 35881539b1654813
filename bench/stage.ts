import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openDatabase } from "../src/db/connection.ts";
import { migrate } from "../src/db/migrate.ts";
import { createEnvironment } from "../src/environments/create-environment.ts";
import { SYSTEM } from "../src/events/record-events.ts";
import { newId } from "../src/lib/id.ts";
import { packageRoot } from "../src/lib/package-root.ts";
import { freePort } from "../src/local/free-port.ts";
import { startEmbeddedPostgres } from "../src/local/postgres.ts";

/** The stage of a benchmark: its own Postgres, its own Redis, and every process it started. */
export interface Stage {
  /** Undefined if the machine has no redis-server. */
  redisUrl: string | undefined;
  /** A migrated database with an environment `acme-test` and some organizations. */
  createDatabase(name: string): Promise<Database>;
  /** Copies a database, which nobody may be using, and replaces any of that name. */
  copyDatabase(original: Database, name: string): Promise<Database>;
  /** The real API process, compiled as in production. @returns its port, once it is ready. */
  startApi(variables: Record<string, string>): Promise<number>;
  /** The same, with the process itself. */
  startApiProcess(variables: Record<string, string>): Promise<{ port: number; child: ChildProcess }>;
  /** The real worker process. */
  startWorker(variables: Record<string, string>): ChildProcess;
  /** Starts a file of `bench/` as a process. @returns its first line: its address, if it listens. */
  startHelper(
    file: string,
    variables: Record<string, string>,
  ): Promise<{ child: ChildProcess; port: number }>;
  /** Stops everything, in reverse order. */
  close(): Promise<void>;
}

export interface Database {
  url: string;
  organizationIds: string[];
}

const ORGANIZATIONS = 50;

export async function openStage(): Promise<Stage> {
  const undo: Array<() => unknown> = [];
  const directory = await mkdtemp(join(tmpdir(), "guildhall-bench-"));
  undo.push(() => rm(directory, { recursive: true, force: true }));
  // Postgres runs as another user when we are root and must be able to enter.
  await chmod(directory, 0o755);
  const settings = { max_connections: "200", shared_buffers: "256MB" };
  const postgres = await startEmbeddedPostgres({ directory, database: "bench", durable: true, settings });
  undo.push(() => postgres.stop());
  const redisUrl = await startRedis();

  async function administer(sql: string): Promise<void> {
    const server = openDatabase({ url: postgres.url, poolSize: 1, name: "bench", statementTimeout: 0 });
    await server.raw(sql).finally(() => server.destroy());
  }

  function keep(child: ChildProcess): ChildProcess {
    const ended = new Promise((resolve) => child.once("close", resolve).once("error", resolve));
    undo.push(() => {
      child.kill("SIGTERM");
      // Only SIGKILL ends a frozen process.
      child.kill("SIGCONT");
      return ended;
    });
    return child;
  }

  async function startRedis(): Promise<string | undefined> {
    const port = await freePort();
    const options = ["--port", String(port), "--bind", "127.0.0.1", "--save", ""];
    // Detached, because the terminal's Ctrl-C would reach it before its users have stopped.
    const server = keep(spawn("redis-server", options, { stdio: "ignore", detached: true }));
    const starts = await Promise.race([
      once(server, "spawn").then(() => true),
      once(server, "error").then(() => false),
    ]);
    return starts ? `redis://127.0.0.1:${port}` : undefined;
  }

  function startService(role: string, variables: Record<string, string>): ChildProcess {
    const env = { ...process.env, ...variables };
    return keep(
      spawn(process.execPath, [join(packageRoot(), "dist/src/main.js"), role], {
        env,
        stdio: ["ignore", "ignore", "inherit"],
      }),
    );
  }

  async function startApiProcess(variables: Record<string, string>) {
    const port = await freePort();
    const own = { PORT: String(port), PUBLIC_URL: `http://127.0.0.1:${port}` };
    const child = startService("api", { ...variables, ...own });
    const ready = () =>
      fetch(`http://127.0.0.1:${port}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
    while (!(await ready())) await sleep(50);
    return { port, child };
  }

  return {
    redisUrl,
    async createDatabase(name) {
      await administer(`create database ${name}`);
      const url = new URL(name, postgres.url).href;
      await migrate(url, { queueInPostgres: true });
      return { url, organizationIds: await seed(url) };
    },
    async copyDatabase(original, name) {
      await administer(`drop database if exists ${name}`);
      // As files, not as log: so it ends in a checkpoint, and whoever comes next starts with nothing left to write.
      const template = new URL(original.url).pathname.slice(1);
      await administer(`create database ${name} template ${template} strategy file_copy`);
      return { ...original, url: new URL(name, postgres.url).href };
    },
    startApi: async (variables) => (await startApiProcess(variables)).port,
    startApiProcess,
    startWorker: (variables) => startService("worker", { ...variables, PUBLIC_URL: "http://127.0.0.1" }),
    async startHelper(file, variables) {
      const child = keep(fork(join(import.meta.dirname, file), { env: { ...process.env, ...variables } }));
      const [said]: [AddressInfo | "ready"] = (await once(child, "message")) as [AddressInfo | "ready"];
      return { child, port: said === "ready" ? 0 : said.port };
    },
    async close() {
      for (const step of undo.splice(0).reverse()) await step();
    },
  };
}

async function seed(url: string): Promise<string[]> {
  const db = openDatabase({ url, poolSize: 1, name: "bench" });
  const { id: environment_id } = await createEnvironment(
    db,
    { handle: "acme-test", name: "Acme", settings: {} },
    SYSTEM,
  );
  const organizations = Array.from({ length: ORGANIZATIONS }, () => ({
    id: newId("org"),
    environment_id,
    name: "Acme Corp",
  }));
  await db("organizations").insert(organizations);
  await db.destroy();
  return organizations.map(({ id }) => id);
}
