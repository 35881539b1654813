import { createCarefulLimit } from "../lib/careful-limit.ts";

/** How many emails leave in a minute: what SMTP_RATE says, less when the server objects, and slowly more again. */
export interface Pace {
  /** How many of `wanted` may be claimed now. When that is fewer, `wake` is called at the time for the next. */
  take(wanted: number): number;
  /** Not claimed after all. */
  giveBack(count: number): void;
  /** An email was accepted. */
  accepted(): void;
  /** The server objects to the rate. */
  slowDown(): void;
  stop(): void;
}

/** Emails per minute that are always tried. */
const SLOWEST = 6;
/** Milliseconds without an email after which a new spell of sending begins. */
const LULL = 3_000;
/** Milliseconds: a server that objects sooner allows far less than we sent. */
const SOON = 15_000;
/** Milliseconds between two claims at least, while emails are rationed. */
const CLAIM_EVERY = 200;

/** @param most emails per minute; infinite when nobody set a limit. */
export function createPace(
  most: number,
  wake: () => void,
  now: () => number = () => performance.now(),
): Pace {
  const limit = createCarefulLimit(most, (perMinute) => perMinute * 1.25, now);
  let tokens = 1;
  let filledAt = now();
  let timer: NodeJS.Timeout | undefined;
  let spell = { began: 0, last: Number.NEGATIVE_INFINITY, count: 0 };

  return {
    take(wanted) {
      const perMinute = limit.now();
      if (perMinute === Number.POSITIVE_INFINITY) return wanted;
      // A quarter of a second's worth at once, and never more than `perMinute` in any minute.
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
    giveBack(count) {
      tokens += count;
    },
    accepted() {
      if (now() - spell.last > LULL) spell = { began: now(), last: 0, count: 0 };
      spell.last = now();
      spell.count += 1;
    },
    slowDown() {
      if (spell.count === 0) return;
      const lasted = Math.max(now() - spell.began, 1_000);
      const speed = Math.min(limit.now(), (spell.count / lasted) * 60_000);
      limit.lower(Math.max(SLOWEST, speed * (lasted < SOON ? 0.5 : 0.8)));
      spell = { began: now(), last: now(), count: 0 };
      tokens = Math.min(tokens, 1);
    },
    stop: () => clearTimeout(timer),
  };
}
