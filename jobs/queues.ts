import { setTimeout as sleep } from "node:timers/promises";
import type { Queue } from "bullmq";
import type { Log } from "../src/log.ts";
import type { QueueBackend } from "./queue-backend.ts";

export const QUEUES = ["mail", "lifecycle", "detach", "batch"] as const;
export type QueueName = (typeof QUEUES)[number];

/** The producer's side: the only part of `jobs/` that `src/` may import. */
export interface Queues {
  /**
   * Says that a queue has work: a delivery is due, a deletion or a batch has begun. Returns at once and never fails: the
   * row is the truth, and the sweeper finds it if this hint is lost. The first goes at once; those that follow it
   * closely go as one.
   */
  hint(queue: keyof typeof HINTED_JOBS): void;
  /** A real round trip to the queue. @throws when it can't be reached. */
  ping(): Promise<void>;
  /** Waits for hints under way, but not for ever. */
  close(): Promise<void>;
}

/** The one job of the queues that are hinted at. */
export const HINTED_JOBS = {
  mail: "send-deliveries",
  detach: "detach-organizations",
  batch: "run-invitation-batches",
} as const;

/** Finished jobs tell nothing the rows don't; a few are kept for the curious. */
export const KEEP = { removeOnComplete: { count: 100 }, removeOnFail: { count: 1_000 } };

export function openQueues(backend: QueueBackend, log: Log): Queues {
  const impatient = { patient: false };
  const queues = {
    mail: backend.queue("mail", impatient),
    detach: backend.queue("detach", impatient),
    batch: backend.queue("batch", impatient),
  };
  for (const queue of Object.values(queues)) {
    queue.on("error", (error) => log.debug({ err: error, queue: queue.name }, "queue connection"));
  }
  const hints = {
    mail: createHint(queues.mail, "mail", log),
    detach: createHint(queues.detach, "detach", log),
    batch: createHint(queues.batch, "batch", log),
  };
  return {
    hint: (name) => hints[name].give(),
    async ping() {
      await queues.mail.getJobCounts("waiting");
    },
    async close() {
      // A command to a queue that can't be reached, or that is closing, may never settle: never wait without a limit.
      const limit = () => new Promise((resolve) => setTimeout(resolve, 2_000).unref());
      await Promise.race([Promise.all(Object.values(hints).map((hint) => hint.settled())), limit()]);
      await Promise.race([Promise.allSettled(Object.values(queues).map((queue) => queue.close())), limit()]);
    },
  };
}

/** Milliseconds between two hints: one wakes a worker for all that came before it. */
const HINT_INTERVAL = 10;

/** One hint per interval; any number wanted meanwhile become one more. */
function createHint(queue: Queue, name: keyof typeof HINTED_JOBS, log: Log) {
  let underWay: Promise<void> | undefined;
  let wanted = false;

  async function run(): Promise<void> {
    while (wanted) {
      wanted = false;
      try {
        await queue.add(HINTED_JOBS[name], {}, KEEP);
      } catch (error) {
        log.warn({ err: error, queue: name }, "a hint was lost; the sweeper will find the row");
      }
      await sleep(HINT_INTERVAL);
    }
    underWay = undefined;
  }

  return {
    give() {
      wanted = true;
      underWay ??= run();
    },
    settled: () => underWay ?? Promise.resolve(),
  };
}
