import { setTimeout as sleep } from "node:timers/promises";
import {
  createPostgresBackend,
  type PostgresConnectionOptions,
  type Processor,
  Queue,
  Worker,
  type WorkerOptions,
  withBackend,
} from "bullmq";
import { Redis } from "ioredis";
import pg from "pg";
import { ConfigError } from "../src/config/read-config.ts";
import type { Settings } from "../src/config/variables.ts";
import { CONNECT_TIMEOUT } from "../src/db/connection.ts";
import { prepareConnection } from "../src/db/prepare-connection.ts";
import type { Log } from "../src/log.ts";

/** What we use of BullMQ's two backends. */
export interface QueueBackend {
  /**
   * @param patient whether commands wait for a queue that is unreachable right now. Schedules wait. Wake-ups don't,
   *   because the sweeper makes up for lost ones.
   */
  queue(name: string, options: { patient: boolean }): Queue;
  worker(name: string, processor: Processor, options: Omit<WorkerOptions, "connection">): Worker;
  /** Closes the connections, after queues and workers are closed. */
  close(): Promise<void>;
}

/** Opens Redis if REDIS_URL is set, else the same Postgres. Correctness depends on neither: the rows decide. */
export function openQueueBackend({
  REDIS_URL,
  DATABASE_URL,
}: Pick<Settings, "DATABASE_URL" | "REDIS_URL">): QueueBackend {
  return REDIS_URL === undefined ? onPostgres(DATABASE_URL) : onRedis(REDIS_URL);
}

/** Milliseconds of silence after which a connection is dropped: longer than the 10 s for which BullMQ waits for a job. */
const REDIS_SILENCE = { producer: 3_000, consumer: 15_000 };

function onRedis(url: string): QueueBackend {
  const both = {
    connectTimeout: 5_000,
    keepAlive: 10_000,
    // The primary became a replica; the same address may already lead to a new primary.
    reconnectOnError: (error: Error) => error.message.includes("READONLY"),
  };
  // A frozen Redis keeps its socket open: only `commandTimeout` ends a producer's wait.
  const producer = new Redis(url, {
    ...both,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    commandTimeout: 2_000,
    socketTimeout: REDIS_SILENCE.producer,
    retryStrategy: (times) => Math.min(times * 100, 1_000),
  });
  const consumer = new Redis(url, {
    ...both,
    maxRetriesPerRequest: null,
    socketTimeout: REDIS_SILENCE.consumer,
    retryStrategy: () => 1_000,
  });
  // Both reconnect by themselves; each queue and worker reports problems through its own `error` event.
  for (const connection of [producer, consumer]) connection.on("error", () => {});
  // `requireFitRedis` checks once. BullMQ would check each connection and print its findings.
  const skipVersionCheck = true;
  return {
    queue: (name, { patient }) =>
      new Queue(name, { connection: patient ? consumer : producer, skipVersionCheck }),
    worker: (name, processor, options) =>
      new Worker(name, processor, { ...options, connection: consumer, skipVersionCheck }),
    async close() {
      producer.disconnect();
      consumer.disconnect();
    },
  };
}

/** Milliseconds that Redis has to answer. */
const INFO_PATIENCE = 3_000;

/**
 * Checks the Redis behind REDIS_URL before anything relies on it. If it can't be reached, this only logs a warning:
 * work goes on without the queue, and `/readyz` reports it.
 * @throws ConfigError if jobs could never run there.
 */
export async function requireFitRedis(url: string, log: Log): Promise<void> {
  const info = await readInfo(url).catch((error) =>
    log.warn({ err: error }, "Redis can't be reached; check REDIS_URL if this goes on"),
  );
  if (info === undefined) return;
  const value = (name: string) => new RegExp(`^${name}:(.*?)\r?$`, "m").exec(info)?.[1];
  if (value("redis_mode") === "cluster")
    throw new ConfigError(
      "REDIS_URL leads to a Redis Cluster, which can't hold the queues: use a single Redis (a primary with replicas is fine), or unset it to keep the queues in Postgres",
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
    connectTimeout: INFO_PATIENCE,
    commandTimeout: INFO_PATIENCE,
    retryStrategy: null,
    enableReadyCheck: false,
  });
  let cause: Error | undefined;
  client.on("error", (error) => {
    cause = error;
  });
  const limit = setTimeout(() => client.disconnect(), INFO_PATIENCE);
  try {
    await client.connect();
    return await client.info();
  } catch (error) {
    // The last error only says that the connection is closed; the cause came before.
    throw cause ?? error;
  } finally {
    clearTimeout(limit);
    client.disconnect();
  }
}

/** Milliseconds, enforced by the server. BullMQ's statements are short, but it would wait for them without a limit. */
const LIMITS = { statement_timeout: 5_000, lock_timeout: 0, idle_in_transaction_session_timeout: 10_000 };
/** Milliseconds, so that listening connections notice a vanished server, too. */
const POSTGRES_SILENCE = { answer: 6_000, idle: 3_000 };
/** Milliseconds for closing the pool, which would otherwise wait for connections in use without a limit. */
const GOODBYE = 2_000;

function onPostgres(url: string): QueueBackend {
  const classes = withBackend(createPostgresBackend);
  // Our own pool: BullMQ can't load `pg` from native ESM. Each of the four workers keeps one connection to listen on.
  const pool = new pg.Pool({
    connectionString: url,
    application_name: "guildhall-queue",
    options: "-c search_path=public,bullmq",
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    connectionTimeoutMillis: CONNECT_TIMEOUT,
    onConnect: (client) => prepareConnection(client, LIMITS, POSTGRES_SILENCE),
    max: 7,
  });
  pool.on("error", () => {});
  // If a connection breaks while BullMQ uses it, its query fails; without a listener, the event would end the process.
  pool.on("connect", (client) => client.on("error", () => {}));
  // BullMQ has its own types for pg. A pool has what they ask for, but TypeScript can't see it. BullMQ's classes for the two
  // backends differ only in a type parameter.
  const connection = pool as unknown as PostgresConnectionOptions;
  return {
    queue: (name) => new classes.Queue(name, { connection }) as unknown as Queue,
    worker: (name, processor, options) =>
      new classes.Worker(name, processor, { ...options, connection }) as unknown as Worker,
    close: () => Promise.race([pool.end(), sleep(GOODBYE, undefined, { ref: false })]),
  };
}
