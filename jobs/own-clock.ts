import type { WarnRarely } from "../src/lib/warn-rarely.ts";
import { allJobs } from "./all-jobs.ts";
import type { JobContext } from "./define-job.ts";
import { WAKE_UP_JOBS } from "./queues.ts";

/** Milliseconds between two checks. */
const TICK = 500;
/** Milliseconds by which a run here precedes the end of its interval, so that nothing waits longer than the interval. */
const EARLY = 3_000;

/**
 * Runs each scheduled job that no queue has handed to this process for an interval, and at once the jobs it wakes. A
 * queue may stop without an error, and the sweeper must not depend on the queue whose losses it makes up for
 * (decision 019). On a healthy day this repeats a few cheap statements. Jobs may run twice, so that is harmless.
 */
export function startOwnClock(context: JobContext, warn: WarnRarely) {
  const scheduled = allJobs.flatMap(({ name, every }) => {
    if (every === undefined) return [];
    const interval = every(context.settings);
    return [{ name, interval: Math.max(interval - EARLY, interval / 2) }];
  });
  const last = new Map(scheduled.map(({ name }) => [name, performance.now()]));
  const running = new Map<string, Promise<void>>();
  const here: JobContext = {
    ...context,
    queues: { ...context.queues, wakeUp: (queue) => run(WAKE_UP_JOBS[queue]) },
  };

  /** Runs each job once at a time; the next tick or sweep finds the rest. */
  function run(name: string): void {
    const job = allJobs.find((each) => each.name === name);
    if (job === undefined || running.has(name) || context.stopping()) return;
    const done = job
      .run(here, {})
      .catch((error) => warn(`run ${name}`, { err: error, job: name }, "a job failed"))
      .finally(() => running.delete(name));
    running.set(name, done);
  }

  const ticking = setInterval(() => {
    for (const { name, interval } of scheduled) {
      if (performance.now() - (last.get(name) ?? 0) < interval) continue;
      last.set(name, performance.now());
      run(name);
    }
  }, TICK).unref();

  return {
    /** Records that a queue has handed this job to this process. */
    ran: (name: string) => void (last.has(name) && last.set(name, performance.now())),
    stop: () => clearInterval(ticking),
    /** Waits for the current runs. */
    underWay: () => Promise.allSettled(running.values()),
  };
}
