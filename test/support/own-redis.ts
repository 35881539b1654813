import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { freePort } from "../../src/local/free-port.ts";

export interface OwnRedis {
  url: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** Sends one command, such as `config set maxmemory 1`. */
  command(line: string): Promise<unknown>;
}

/** Starts a Redis for one test, which may freeze and kill it. It keeps nothing on disk. @param options of `redis-server`. */
export async function startOwnRedis(...options: string[]): Promise<OwnRedis> {
  const port = String(await freePort());
  const directory = await mkdtemp(join(tmpdir(), "guildhall-redis-"));
  let server: ChildProcess | undefined;
  const url = `redis://127.0.0.1:${port}`;
  const redis: OwnRedis = {
    url,
    async start() {
      await mkdir(directory, { recursive: true });
      server = spawn("redis-server", ["--port", port, "--bind", "127.0.0.1", "--save", "", ...options], {
        stdio: "ignore",
        cwd: directory,
      });
      await redis.command("ping");
    },
    async stop() {
      if (server === undefined) return;
      const gone = once(server, "exit");
      server.kill("SIGKILL");
      await gone;
      server = undefined;
      await rm(directory, { recursive: true, force: true });
    },
    signal: (signal) => void server?.kill(signal),
    async command(line) {
      const client = new Redis(url, { retryStrategy: () => 50, maxRetriesPerRequest: null });
      client.on("error", () => {});
      const [name = "", ...words] = line.split(" ");
      return client.call(name, ...words).finally(() => client.disconnect());
    },
  };
  process.once("exit", () => server?.kill("SIGKILL"));
  await redis.start();
  return redis;
}
