import { createAdaptiveLimit } from "../lib/adaptive-limit.ts";

/** Emails per minute that are always tried. */
const SLOWEST = 6;
/** Milliseconds without an email after which a new run of sending begins. */
const LULL = 3_000;
/** Milliseconds. A server that objects sooner allows far fewer emails than we sent. */
const SOON = 15_000;
/** Minimum milliseconds between two claims while the rate is limited. */
const CLAIM_EVERY = 200;

export type SendingRate = ReturnType<typeof createSendingRate>;

/**
 * Limits how many emails leave per minute to SMTP_RATE. If the server objects, allows fewer and then slowly more again.
 * @param most emails per minute; infinite for no limit.
 */
export function createSendingRate(
  most: number,
  wake: () => void,
  now: () => number = () => performance.now(),
) {
  const limit = createAdaptiveLimit(most, (perMinute) => perMinute * 1.25, now);
  let tokens = 1;
  let filledAt = now();
  let timer: NodeJS.Timeout | undefined;
  let run = { began: 0, last: Number.NEGATIVE_INFINITY, count: 0 };

  return {
    /** Returns how many of `wanted` may be claimed now. If not all may, calls `wake` when the next one may. */
    take(wanted: number): number {
      const perMinute = limit.now();
      if (perMinute === Number.POSITIVE_INFINITY) return wanted;
      // At most a quarter of a second's worth at once, and never more than `perMinute` in any minute.
      const burst = Math.max(1, Math.floor(perMinute / 240));
      const perMillisecond = (perMinute - burst + 1) / 60_000;
      tokens = Math.min(burst, tokens + (now() - filledAt) * perMillisecond);
      filledAt = now();
      const taken = Math.min(wanted, Math.floor(tokens));
      tokens -= taken;
      clearTimeout(timer);
      if (taken < wanted)
        timer = setTimeout(wake, Math.max(CLAIM_EVERY, (1 - tokens) / perMillisecond)).unref();
      return taken;
    },
    /** Takes back what was taken but not claimed. */
    giveBack(count: number): void {
      tokens += count;
    },
    /** Records that an email was accepted. */
    accepted(): void {
      if (now() - run.last > LULL) run = { began: now(), last: 0, count: 0 };
      run.last = now();
      run.count += 1;
    },
    /** Records that the server objects to the rate. */
    slowDown(): void {
      if (run.count === 0) return;
      const lasted = Math.max(now() - run.began, 1_000);
      const speed = Math.min(limit.now(), (run.count / lasted) * 60_000);
      limit.lower(Math.max(SLOWEST, speed * (lasted < SOON ? 0.5 : 0.8)));
      run = { began: now(), last: now(), count: 0 };
      tokens = Math.min(tokens, 1);
    },
    stop: () => clearTimeout(timer),
  };
}

/** Milliseconds of the first pause. Each further pause is twice as long, up to the longest. */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 10_000;
/** Milliseconds after which the next email is tried, even if the previous trial hasn't ended. */
const NEXT_TRIAL = 10_000;

export type SendingPause = ReturnType<typeof createSendingPause>;

/**
 * Pauses all sending while the mail server takes no emails at all. One email at a time tests whether it has
 * recovered. So the server isn't flooded, and its recovery is noticed within seconds.
 * @param wake called when it is time for a trial, and when the pause is over.
 */
export function createSendingPause(wake: () => void) {
  let failures = 0;
  let begunAt = 0;
  let mayTry = false;
  let timer: NodeJS.Timeout | undefined;

  function tryIn(milliseconds: number): void {
    mayTry = false;
    clearTimeout(timer);
    timer = setTimeout(() => {
      mayTry = true;
      wake();
    }, milliseconds).unref();
  }

  return {
    /** Returns how many deliveries to claim if there is room for `room`: all, none, or a single trial. */
    admits(room: number): number {
      if (failures === 0) return room;
      if (!mayTry) return 0;
      tryIn(NEXT_TRIAL);
      return Math.min(room, 1);
    },
    active: () => failures > 0,
    /** Records that the attempt that began at this time failed. Attempts from before the pause say nothing new. */
    begin(began: number): void {
      if (failures > 0 && began < begunAt) return;
      tryIn(Math.min(FIRST_PAUSE * 2 ** failures, LONGEST_PAUSE));
      failures += 1;
      begunAt = performance.now();
    },
    /** Records that the server takes emails. */
    end(): void {
      if (failures === 0) return;
      failures = 0;
      clearTimeout(timer);
      wake();
    },
    /** Records that there was no email to try. */
    untried(): void {
      mayTry = failures > 0;
    },
    stop: () => clearTimeout(timer),
  };
}
