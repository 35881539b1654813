import { setTimeout as sleep } from "node:timers/promises";
import type { Queue } from "bullmq";
import { createRareWarnings, type WarnRarely } from "../src/lib/warn-rarely.ts";
import type { Log } from "../src/log.ts";
import type { QueueBackend } from "./queue-backend.ts";

export const QUEUES = ["mail", "lifecycle", "detach", "batch"] as const;
export type QueueName = (typeof QUEUES)[number];

/** The producer's side: the only part of `jobs/` that `src/` may import. */
export interface Queues {
  /**
   * Wakes a queue: a delivery is due, or a deletion or a batch has begun. Returns at once and never fails, because the row is
   * the truth and the sweeper finds it if this wake-up is lost. The first leaves at once; close followers leave as one.
   */
  wakeUp(queue: keyof typeof WAKE_UP_JOBS): void;
  /** Adds a job without content that no worker knows. @throws if the queue takes no jobs right now. */
  ping(): Promise<void>;
  /** Waits for wake-ups being sent, but not without a limit. */
  close(): Promise<void>;
}

/** The job that `wakeUp` adds to each queue. */
export const WAKE_UP_JOBS = {
  mail: "send-deliveries",
  detach: "detach-organizations",
  batch: "run-invitation-batches",
} as const;

/** How many finished jobs stay for inspection. The rows say more. */
export const KEEP = { removeOnComplete: { count: 100 }, removeOnFail: { count: 1_000 } };

export function openQueues(backend: QueueBackend, log: Log): Queues {
  const impatient = { patient: false };
  const queues = {
    mail: backend.queue("mail", impatient),
    detach: backend.queue("detach", impatient),
    batch: backend.queue("batch", impatient),
  };
  const warn = createRareWarnings(log);
  for (const queue of Object.values(queues)) {
    queue.on("error", (error) => warn("connection", { err: error, queue: queue.name }, "queue connection"));
  }
  const wakers = {
    mail: createWaker(queues.mail, "mail", warn),
    detach: createWaker(queues.detach, "detach", warn),
    batch: createWaker(queues.batch, "batch", warn),
  };
  return {
    wakeUp: (name) => wakers[name].wakeUp(),
    async ping() {
      // A write, because replicas and a full Redis still answer reads. At most one such job waits.
      const once = { deduplication: { id: "ping" }, removeOnComplete: true, removeOnFail: true };
      await bounded(queues.mail.add("ping", {}, once));
    },
    async close() {
      // A command to a queue that is closing or unreachable may never settle.
      const limit = () => new Promise((resolve) => setTimeout(resolve, 2_000).unref());
      await Promise.race([Promise.all(Object.values(wakers).map((waker) => waker.settled())), limit()]);
      await Promise.race([Promise.allSettled(Object.values(queues).map((queue) => queue.close())), limit()]);
    },
  };
}

/** Milliseconds that adding a job may take: a silent queue must not block the next wake-up. */
const PATIENCE = 5_000;

async function bounded(adding: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error("the queue doesn't answer")), PATIENCE);
  });
  await Promise.race([adding, limit]).finally(() => clearTimeout(timer));
}

/** Milliseconds between two wake-ups: one covers everything before it. */
const WAKE_UP_INTERVAL = 10;

/** Sends one wake-up per interval; any number of further calls become one more. */
function createWaker(queue: Queue, name: keyof typeof WAKE_UP_JOBS, warn: WarnRarely) {
  let underWay: Promise<void> | undefined;
  let wanted = false;

  async function run(): Promise<void> {
    while (wanted) {
      wanted = false;
      try {
        await bounded(queue.add(WAKE_UP_JOBS[name], {}, KEEP));
      } catch (error) {
        warn("wake-up", { err: error, queue: name }, "a wake-up was lost; the sweeper will find the row");
      }
      await sleep(WAKE_UP_INTERVAL);
    }
    underWay = undefined;
  }

  return {
    wakeUp() {
      wanted = true;
      underWay ??= run();
    },
    settled: () => underWay ?? Promise.resolve(),
  };
}
