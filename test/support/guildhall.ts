import type { Knex } from "knex";
import { afterAll, beforeAll, inject } from "vitest";
import type { JobContext } from "../../jobs/define-job.ts";
import type { QueueBackend } from "../../jobs/queue-backend.ts";
import { startWorker } from "../../jobs/worker.ts";
import { readConfig } from "../../src/config/read-config.ts";
import type { Settings } from "../../src/config/variables.ts";
import type { Context } from "../../src/context.ts";
import { createLog, type Log } from "../../src/log.ts";
import { createDeliveryRunner } from "../../src/mail/delivery-runner.ts";
import { createMailRenderer } from "../../src/mail/mail-renderer.ts";
import { type Api, createApi } from "./api.ts";
import { type Mailbox, startMailbox } from "./mailbox.ts";
import { ownRedisDatabase } from "./own-redis-database.ts";
import { borrowService, openService, type Service } from "./service.ts";
import { createTestDatabase, type TestDatabase } from "./test-database.ts";

export type Backend = "postgres" | "redis";

/** The backends there are on this machine; the pipeline's tests run on each. */
export function backends(): Backend[] {
  return inject("redisUrl") === undefined ? ["postgres"] : ["postgres", "redis"];
}

export const OPERATOR_TOKEN = "operator-token-of-the-tests";

export interface GuildhallOptions {
  backend?: Backend;
  /** Whether jobs run by themselves. Default false: `runJobs` is not needed by most tests. */
  worker?: boolean;
  settings?: Partial<Settings>;
  /** Default: nothing is written. */
  log?: Log;
  /** True for tests that count what a service has done, or what it keeps on disk. */
  fresh?: boolean;
}

/** A whole Guildhall in this process: real HTTP, real Postgres, real queue, real SMTP, each of this test file's own. */
export interface Guildhall {
  settings: Settings;
  context: Context;
  db: Knex;
  backend: QueueBackend;
  /** Speaks as the operator, in the environment `acme-test`; `api.as(token)` as somebody else. */
  api: Api;
  mailbox: Mailbox;
  /** Everything a job is given, to run one here and now. */
  jobContext: JobContext;
  startWorker(): void;
  stopWorker(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * A Guildhall for the tests of this file or `describe`, started before the first and stopped after the last.
 * @returns an object that is filled by then.
 */
export function useGuildhall(options: GuildhallOptions = {}): Guildhall {
  const guildhall = {} as Guildhall;
  beforeAll(async () => {
    Object.assign(guildhall, await startGuildhall(options));
  });
  afterAll(() => guildhall.stop());
  return guildhall;
}

/**
 * A Guildhall of the caller's own. Where the options ask for nothing special, it is one that an earlier test file of this
 * process gave back, with an empty database.
 */
export async function startGuildhall(options: GuildhallOptions = {}): Promise<Guildhall> {
  const { backend: queue, settings: special, log, fresh = false } = options;
  const isUsual = !fresh && special === undefined && log === undefined && queue !== "redis";
  const open = () => openUsing(options);
  const service = await (isUsual ? borrowService(open) : open());
  const { settings, context, backend, mailbox, origin } = service;

  let stopping = false;
  const renderer = createMailRenderer(inject("mailSources"));
  const deliveries = createDeliveryRunner({ ...context, renderer });
  const jobContext: JobContext = { ...context, deliveries, stopping: () => stopping };
  let worker: ReturnType<typeof startWorker> | undefined;
  const stopWorker = async () => {
    await worker?.stop();
    worker = undefined;
  };
  const start = () => {
    worker ??= startWorker(backend, jobContext);
  };
  if (options.worker) start();

  return {
    settings,
    context,
    db: context.db,
    backend,
    api: createApi(origin, { Authorization: `Bearer ${OPERATOR_TOKEN}`, "X-Environment": "acme-test" }),
    mailbox,
    jobContext,
    startWorker: start,
    stopWorker,
    async stop() {
      stopping = true;
      await stopWorker();
      await deliveries.stop(2_000);
      await service.close();
    },
  };
}

async function openUsing(options: GuildhallOptions): Promise<Service> {
  const database = await createTestDatabase();
  const mailbox = await startMailbox();
  const settings = await settingsFor(database, mailbox, options);
  const log = options.log ?? createLog(process.env.TEST_LOG ?? "silent", "test");
  return openService({ settings, database, mailbox, log });
}

async function settingsFor(
  database: TestDatabase,
  mailbox: Mailbox,
  { backend, settings }: GuildhallOptions,
): Promise<Settings> {
  return {
    ...readConfig({ NODE_ENV: "test", DATABASE_URL: database.url }, "all"),
    HOST: "127.0.0.1",
    PUBLIC_URL: "http://127.0.0.1",
    DATABASE_URL: database.url,
    SMTP_URL: mailbox.url,
    MAIL_FROM: { name: "", address: "no-reply@guildhall.test" },
    SECRET_KEY: "the-secret-key-of-the-tests-has-32-bytes",
    ADMIN_TOKEN: OPERATOR_TOKEN,
    ...(backend === "redis" ? { REDIS_URL: await ownRedisDatabase() } : {}),
    ...settings,
  };
}
