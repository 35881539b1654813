/** A limit that another service imposes without saying what it is: lowered when it objects, and slowly raised again. */
export interface CarefulLimit {
  /** What may be used now. */
  now(): number;
  /** The service objected: no more than this from now on. */
  lower(to: number): void;
  /** So much is proven to be possible. */
  allow(proven: number): void;
  /** The objection was no matter of the limit. */
  reset(): void;
}

/** Milliseconds until more is tried; longer each time that was too much. */
const FIRST_PAUSE = 15_000;
const LONGEST_PAUSE = 600_000;

/**
 * @param most what is used when nobody objects.
 * @param raise the next higher value to try.
 */
export function createCarefulLimit(
  most: number,
  raise: (value: number) => number,
  clock: () => number = () => performance.now(),
): CarefulLimit {
  let value = most;
  let pause = FIRST_PAUSE;
  let changedAt = 0;
  let loweredAt = Number.NEGATIVE_INFINITY;

  const limit = {
    now() {
      // Each pause that goes by in peace is followed by a shorter one.
      while (value < most && clock() - changedAt >= pause) {
        value = Math.min(most, raise(value));
        changedAt += pause;
        pause = Math.max(FIRST_PAUSE, pause / 2);
      }
      return value;
    },
    lower(to: number) {
      if (to >= limit.now()) return;
      // Several objections at once are one.
      if (value === most) pause = FIRST_PAUSE;
      else if (clock() - loweredAt >= 1_000) pause = Math.min(LONGEST_PAUSE, pause * 4);
      value = to;
      changedAt = clock();
      loweredAt = changedAt;
    },
    allow(proven: number) {
      if (proven > limit.now()) value = Math.min(most, proven);
    },
    reset() {
      value = most;
    },
  };
  return limit;
}
