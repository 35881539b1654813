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
import { beginSession } from "../src/db/begin-session.ts";
import { CONNECT_TIMEOUT } from "../src/db/connection.ts";

/** What BullMQ's two backends have in common, as we use them. */
export interface QueueBackend {
  /**
   * @param patient whether a command waits for a queue that can't be reached just now. A hint does not: it is not worth
   *   waiting for. A schedule does.
   */
  queue(name: string, options: { patient: boolean }): Queue;
  worker(name: string, processor: Processor, options: Omit<WorkerOptions, "connection">): Worker;
  /** Closes the connections; to be called when queues and workers are closed. */
  close(): Promise<void>;
}

export interface QueueSettings {
  DATABASE_URL: string;
  REDIS_URL?: string | undefined;
}

/** Redis when REDIS_URL is set, else the same Postgres. Correctness depends on neither: the rows decide. */
export function openQueueBackend({ REDIS_URL, DATABASE_URL }: QueueSettings): QueueBackend {
  return REDIS_URL === undefined ? onPostgres(DATABASE_URL) : onRedis(REDIS_URL);
}

/** Milliseconds of silence after which a connection is given up: longer than the 10 s for which BullMQ waits for a job. */
const REDIS_SILENCE = { producer: 3_000, consumer: 15_000 };

function onRedis(url: string): QueueBackend {
  const both = {
    connectTimeout: 5_000,
    keepAlive: 10_000,
    // The primary became a replica: behind the same address there may be a new one by now.
    reconnectOnError: (error: Error) => error.message.includes("READONLY"),
  };
  // A frozen Redis holds its socket open: only `commandTimeout` gets a producer out of that.
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
  // Both reconnect by themselves; each queue and worker reports the trouble through its own `error` event.
  for (const connection of [producer, consumer]) connection.on("error", () => {});
  // `requireFitRedis` looks at version and policy; BullMQ would do so for each connection, and print what it finds.
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

/** Milliseconds, on the server: BullMQ's statements are short, and it waits for each of them without a limit of its own. */
const LIMITS = { statement_timeout: 5_000, lock_timeout: 0, idle_in_transaction_session_timeout: 10_000 };
/** Milliseconds: a server that is gone is noticed by those that listen, too. */
const POSTGRES_SILENCE = { answer: 6_000, idle: 3_000 };
/** Milliseconds to say goodbye: a connection that is still in use would be waited for without end. */
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
    onConnect: (client) => beginSession(client, LIMITS, POSTGRES_SILENCE),
    max: 7,
  });
  pool.on("error", () => {});
  // A connection that breaks while BullMQ has it tells BullMQ by failing what was asked; unheard, it would end the process.
  pool.on("connect", (client) => client.on("error", () => {}));
  // BullMQ describes pg in types of its own, which a pool fulfils but TypeScript can't see; likewise its classes
  // differ between backends in a type parameter only.
  const connection = pool as unknown as PostgresConnectionOptions;
  return {
    queue: (name) => new classes.Queue(name, { connection }) as unknown as Queue,
    worker: (name, processor, options) =>
      new classes.Worker(name, processor, { ...options, connection }) as unknown as Worker,
    close: () => Promise.race([pool.end(), sleep(GOODBYE, undefined, { ref: false })]),
  };
}
