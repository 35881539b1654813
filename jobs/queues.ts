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
   * Wakes the workers of a queue: a delivery is due, or a deletion or a batch has begun. Returns at once and never
   * fails, because the row is the truth and the sweeper finds it if this wake-up is lost. The first wake-up is sent
   * at once. Those that follow within milliseconds are sent as one.
   */
  wakeUp(queue: WakeableQueue): void;
  /** Adds an empty job that workers drop. @throws if the queue takes no jobs right now. */
  ping(): Promise<void>;
  /** Waits for wake-ups that are being sent, but no longer than a few seconds. */
  close(): Promise<void>;
}

/** The job of each queue that a wake-up runs. */
export const WAKE_UP_JOBS = {
  mail: "send-deliveries",
  detach: "detach-organizations",
  batch: "run-invitation-batches",
} as const;

type WakeableQueue = keyof typeof WAKE_UP_JOBS;

/** How many finished jobs stay for inspection. The rows say more. */
export const KEEP = { removeOnComplete: { count: 100 }, removeOnFail: { count: 1_000 } };

export function openQueues(backend: QueueBackend, log: Log): Queues {
  const warn = createRareWarnings(log);
  function open(name: WakeableQueue) {
    const queue = backend.queue(name, { patient: false });
    queue.on("error", (error) => warn("connection", { err: error, queue: name }, "queue connection"));
    return { queue, wakeUps: createWakeUps(queue, name, warn) };
  }
  const opened = { mail: open("mail"), detach: open("detach"), batch: open("batch") };
  const all = Object.values(opened);
  return {
    wakeUp: (name) => opened[name].wakeUps.send(),
    async ping() {
      // A write, because replicas and a full Redis still answer reads. At most one such job waits.
      const once = { deduplication: { id: "ping" }, removeOnComplete: true, removeOnFail: true };
      await bounded(opened.mail.queue.add("ping", {}, once));
    },
    async close() {
      // A command to a queue that is closing or unreachable may never settle.
      const limit = () => sleep(2_000, undefined, { ref: false });
      await Promise.race([Promise.all(all.map(({ wakeUps }) => wakeUps.settled())), limit()]);
      await Promise.race([Promise.allSettled(all.map(({ queue }) => queue.close())), limit()]);
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
const WAKE_INTERVAL = 10;

/** Sends one wake-up per interval. Any number of calls in between become one more. */
function createWakeUps(queue: Queue, name: WakeableQueue, warn: WarnRarely) {
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
      await sleep(WAKE_INTERVAL);
    }
    underWay = undefined;
  }

  return {
    send() {
      wanted = true;
      underWay ??= run();
    },
    settled: () => underWay ?? Promise.resolve(),
  };
}
