import { setTimeout as sleep } from "node:timers/promises";
import type { Processor, Queue, Worker } from "bullmq";
import { createRareWarnings } from "../src/lib/warn-rarely.ts";
import { allJobs } from "./all-jobs.ts";
import type { JobContext } from "./define-job.ts";
import { startOwnClock } from "./own-clock.ts";
import type { QueueBackend } from "./queue-backend.ts";
import { KEEP, QUEUES, type QueueName } from "./queues.ts";

/**
 * Another worker takes over a killed worker's job after about 30 s. The sweeper doesn't wait for that.
 * `maxStalledCount` is high because being killed is not the job's fault. Locks are long because the Postgres backend
 * compares them by the workers' clocks, which may differ. Anything that matters is leased in its row, by the
 * database's clock.
 */
const WORKER_OPTIONS = {
  lockDuration: 30_000,
  stalledInterval: 15_000,
  maxStalledCount: 10,
  // After a lost connection; the default of 15 s would delay every email.
  runRetryDelay: 1_000,
};

/**
 * How many jobs of a queue run at once in one process. A long expiry must not keep the sweeper waiting. Emails and
 * batches need only one job, which shares its time between them.
 */
const CONCURRENCY: Record<QueueName, number> = { mail: 1, lifecycle: 4, detach: 2, batch: 1 };

/** Milliseconds between checks. Schedules vanish when Redis loses its data; missing or late ones are restored. */
const CHECK_SCHEDULES_EVERY = 15_000;

/** Milliseconds a worker rests after an error. Otherwise it would ask a refusing queue thousands of times a second. */
const REST = 1_000;

/** Milliseconds for closing a queue: an unreachable one never answers. */
const LEAVING = 3_000;

/** Starts taking jobs from every queue, and maintains the schedules. */
export function startWorker(backend: QueueBackend, context: JobContext) {
  const { log, settings } = context;
  const byName = new Map(allJobs.map((job) => [job.name, job]));
  const running = new Set<Promise<void>>();
  const warn = createRareWarnings(log);
  const report = createRareWarnings(log, { level: "error" });
  const clock = startOwnClock(context, report);
  const workers = QUEUES.map((queue) => {
    const work: Processor = async ({ name, data }) => {
      clock.ran(name);
      const run = byName.get(name)?.run(context, data);
      // A job of another version is dropped, because its work is in a row.
      if (run === undefined) return;
      running.add(run);
      await run.finally(() => running.delete(run));
    };
    const worker = backend.worker(queue, work, { ...WORKER_OPTIONS, concurrency: CONCURRENCY[queue] });
    worker.on("failed", (job, error) =>
      report(`run ${job?.name}`, { err: error, job: job?.name }, "a job failed"),
    );
    worker.on("error", (error) => {
      warn("connection", { err: error, queue }, "a queue is in trouble; work goes on without it");
      rest(worker);
    });
    return worker;
  });
  const lifecycle = backend.queue("lifecycle", { patient: true });
  lifecycle.on("error", (error) => warn("connection", { err: error }, "queue connection"));
  let checking = false;
  async function check(): Promise<void> {
    // One at a time, because a queue in trouble answers late or never.
    if (checking) return;
    checking = true;
    await keepSchedules(lifecycle, settings).catch((error) =>
      warn("schedules", { err: error }, "schedules can't be checked"),
    );
    checking = false;
  }
  void check();
  const checks = setInterval(() => void check(), CHECK_SCHEDULES_EVERY).unref();

  return {
    /** Takes no more jobs and waits for the running ones, but not for a queue that doesn't answer. */
    async stop(): Promise<void> {
      clearInterval(checks);
      clock.stop();
      const closed = Promise.allSettled([...workers, lifecycle].map((each) => each.close()));
      const done = Promise.all([Promise.allSettled(running), clock.underWay()]);
      await Promise.race([closed.then(() => done), done.then(() => sleep(LEAVING))]);
    },
  };
}

/** Pauses a worker for a moment. After any error but a lost connection, BullMQ would ask again at once. */
function rest(worker: Worker): void {
  if (worker.isPaused() || worker.closing !== undefined) return;
  // Running jobs continue.
  void worker.pause(true);
  setTimeout(() => worker.closing === undefined && worker.resume(), REST).unref();
}

async function keepSchedules(lifecycle: Queue, settings: JobContext["settings"]): Promise<void> {
  for (const { name, every } of allJobs) {
    if (every === undefined) continue;
    const wanted = every(settings);
    const schedule = await lifecycle.getJobScheduler(name);
    const alive =
      schedule?.every === wanted && (schedule.next ?? 0) > Date.now() - 2 * wanted - CHECK_SCHEDULES_EVERY;
    if (!alive) await lifecycle.upsertJobScheduler(name, { every: wanted }, { name, data: {}, opts: KEEP });
  }
}
