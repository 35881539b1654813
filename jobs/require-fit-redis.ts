import { Redis } from "ioredis";
import { ConfigError } from "../src/config/read-config.ts";
import type { Log } from "../src/log.ts";

/** Milliseconds Redis has to answer. */
const PATIENCE = 3_000;

/**
 * Looks at the Redis behind REDIS_URL before anything relies on it. One that can't be reached is no reason to stay down:
 * work goes on without the queue, and `/readyz` says what is missing.
 * @throws ConfigError when jobs could never run there.
 */
export async function requireFitRedis(url: string, log: Log): Promise<void> {
  const info = await readInfo(url).catch((error) =>
    log.warn({ err: error }, "Redis can't be reached; check REDIS_URL if this goes on"),
  );
  if (info === undefined) return;
  const value = (name: string) => new RegExp(`^${name}:(.*?)\r?$`, "m").exec(info)?.[1];
  if (value("redis_mode") === "cluster")
    throw new ConfigError(
      "REDIS_URL leads to a Redis Cluster, where the queues can't work: use a single Redis (a primary with replicas is fine), or unset it to keep the queues in Postgres",
    );
  if (value("role") === "slave")
    throw new ConfigError(
      "REDIS_URL leads to a replica, which takes no jobs: use the address of the primary",
    );
  const policy = value("maxmemory_policy");
  if (policy !== undefined && policy !== "noeviction")
    log.warn({ policy }, "Redis may evict jobs when it is full: set its maxmemory-policy to noeviction");
}

async function readInfo(url: string): Promise<string> {
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: PATIENCE,
    commandTimeout: PATIENCE,
    retryStrategy: null,
    enableReadyCheck: false,
  });
  let cause: Error | undefined;
  client.on("error", (error) => {
    cause = error;
  });
  const limit = setTimeout(() => client.disconnect(), PATIENCE);
  try {
    await client.connect();
    return await client.info();
  } catch (error) {
    // The client says that the connection is closed; why, it said before.
    throw cause ?? error;
  } finally {
    clearTimeout(limit);
    client.disconnect();
  }
}
