import type { WarnRarely } from "../src/lib/warn-rarely.ts";
import { allJobs } from "./all-jobs.ts";
import type { JobContext } from "./define-job.ts";
import { HINTED_JOBS } from "./queues.ts";

/** Milliseconds between two looks at the clock. */
const TICK = 500;
/** Milliseconds before its interval is over that a job is run here: what is due then waits no longer than the interval. */
const EARLY = 3_000;

export interface OwnClock {
  /** To be called when a queue hands a job of this name to this process. */
  ran(name: string): void;
  stop(): void;
  /** The runs under way. */
  underWay(): Promise<unknown>;
}

/**
 * A queue may fall silent without a word, and the sweeper must not depend on what it sweeps for. So each worker process
 * keeps time itself: a scheduled job that no queue handed to it for an interval is run here, and its hints are followed on
 * the spot. While all is well this repeats a cheap look now and then, which is harmless, as every job is.
 */
export function startOwnClock(context: JobContext, warn: WarnRarely): OwnClock {
  const scheduled = allJobs.flatMap(({ name, every }) => {
    if (every === undefined) return [];
    const interval = every(context.settings);
    return [{ name, interval: Math.max(interval - EARLY, interval / 2) }];
  });
  const last = new Map(scheduled.map(({ name }) => [name, performance.now()]));
  const running = new Map<string, Promise<void>>();
  const here: JobContext = {
    ...context,
    queues: { ...context.queues, hint: (queue) => run(HINTED_JOBS[queue]) },
  };

  /** One at a time of each kind: the next tick, or the next sweep, sees what this run leaves. */
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
    ran: (name) => void (last.has(name) && last.set(name, performance.now())),
    stop: () => clearInterval(ticking),
    underWay: () => Promise.allSettled(running.values()),
  };
}
