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
import { parentOf } from "./cpu.ts";
import { countStatements, STATEMENT_SETTINGS, type StatementTime } from "./statements.ts";

/** The stage of a benchmark: its own Postgres, its own Redis, and every process it started. */
export interface Stage {
  /** Undefined if the machine has no redis-server: then the queue is on Postgres. */
  redisUrl: string | undefined;
  /** Of the servers: Postgres, and Redis if there is one. */
  servers: { Postgres: number; Redis?: number };
  /** A migrated database with an environment `acme-test` and organizations (50 unless the number is given). */
  createDatabase(name: string, organizations?: number): Promise<Database>;
  /** An empty database. @returns its URL. */
  createEmptyDatabase(name: string): Promise<string>;
  /** Copies a database, which nobody may be using, and replaces any of that name. */
  copyDatabase(original: Database, name: string): Promise<Database>;
  /** Counts what the statements of a database take while `operations` operations are done. */
  countStatements(
    database: Database,
    operations: number,
    run: () => Promise<unknown>,
  ): Promise<StatementTime[]>;
  /** The real API process, compiled as in production, once it is ready. */
  startApi(variables: Record<string, string>): Promise<Helper>;
  /** The real worker process. */
  startWorker(variables: Record<string, string>): ChildProcess;
  /** Starts a file of `bench/` as a process. Its first message is its address if it listens, or else "ready". */
  startHelper(file: string, variables: Record<string, string>): Promise<Helper>;
  /** Stops everything, in reverse order. */
  close(): Promise<void>;
}

/** A process, and the port on which it listens; 0 if it doesn't. */
export interface Helper {
  child: ChildProcess;
  pid: number;
  port: number;
}

export interface Database {
  url: string;
  organizationIds: string[];
}

export async function openStage(): Promise<Stage> {
  const undo: Array<() => unknown> = [];
  const directory = await mkdtemp(join(tmpdir(), "guildhall-bench-"));
  undo.push(() => rm(directory, { recursive: true, force: true }));
  // Postgres runs as another user when we are root and must be able to enter.
  await chmod(directory, 0o755);
  const settings = { max_connections: "200", shared_buffers: "256MB", ...STATEMENT_SETTINGS };
  const postgres = await startEmbeddedPostgres({ directory, database: "bench", durable: true, settings });
  undo.push(() => postgres.stop());
  const redis = await startRedis();
  const servers = { Postgres: await findPostmaster(postgres.url), ...(redis && { Redis: redis.pid }) };

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

  async function startRedis(): Promise<{ url: string; pid: number } | undefined> {
    const port = await freePort();
    const options = ["--port", String(port), "--bind", "127.0.0.1", "--save", ""];
    // Detached, because the terminal's Ctrl-C would reach it before its users have stopped.
    const server = keep(spawn("redis-server", options, { stdio: "ignore", detached: true }));
    const starts = await Promise.race([
      once(server, "spawn").then(() => true),
      once(server, "error").then(() => false),
    ]);
    return starts ? { url: `redis://127.0.0.1:${port}`, pid: server.pid ?? 0 } : undefined;
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

  async function startApi(variables: Record<string, string>): Promise<Helper> {
    const port = await freePort();
    const own = { PORT: String(port), PUBLIC_URL: `http://127.0.0.1:${port}` };
    const child = startService("api", { ...variables, ...own });
    const ready = () =>
      fetch(`http://127.0.0.1:${port}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
    while (!(await ready())) await sleep(50);
    return { child, pid: child.pid ?? 0, port };
  }

  async function createEmptyDatabase(name: string): Promise<string> {
    await administer(`create database ${name}`);
    return new URL(name, postgres.url).href;
  }

  return {
    redisUrl: redis?.url,
    servers,
    async createDatabase(name, organizations = 50) {
      const url = await createEmptyDatabase(name);
      await migrate(url, { queueInPostgres: true });
      return { url, organizationIds: await seed(url, organizations) };
    },
    createEmptyDatabase,
    async copyDatabase(original, name) {
      await administer(`drop database if exists ${name}`);
      // Copying files ends in a checkpoint, so the next contestant starts with nothing left to write.
      const template = new URL(original.url).pathname.slice(1);
      await administer(`create database ${name} template ${template} strategy file_copy`);
      return { ...original, url: new URL(name, postgres.url).href };
    },
    countStatements: ({ url }, operations, run) =>
      countStatements(postgres.url, new URL(url).pathname.slice(1), operations, run),
    startApi,
    startWorker: (variables) => startService("worker", { ...variables, PUBLIC_URL: "http://127.0.0.1" }),
    async startHelper(file, variables) {
      const child = keep(fork(join(import.meta.dirname, file), { env: { ...process.env, ...variables } }));
      const [said]: [AddressInfo | "ready"] = (await once(child, "message")) as [AddressInfo | "ready"];
      return { child, pid: child.pid ?? 0, port: said === "ready" ? 0 : said.port };
    },
    async close() {
      for (const step of undo.splice(0).reverse()) await step();
    },
  };
}

/** The process that starts one for each connection. */
async function findPostmaster(url: string): Promise<number> {
  const db = openDatabase({ url, poolSize: 1, name: "bench" });
  const { rows } = await db.raw("select pg_backend_pid() as backend");
  const postmaster = parentOf(rows[0].backend);
  await db.destroy();
  return postmaster;
}

async function seed(url: string, count: number): Promise<string[]> {
  const db = openDatabase({ url, poolSize: 1, name: "bench" });
  const { id: environment_id } = await createEnvironment(
    db,
    { handle: "acme-test", name: "Acme", settings: {} },
    SYSTEM,
  );
  const organizations = Array.from({ length: count }, () => ({
    id: newId("org"),
    environment_id,
    name: "Acme Corp",
  }));
  await db("organizations").insert(organizations);
  await db.destroy();
  return organizations.map(({ id }) => id);
}
