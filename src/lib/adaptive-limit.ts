/** Milliseconds before a higher value is tried. Longer after each value that was too high. */
const FIRST_PAUSE = 15_000;
const LONGEST_PAUSE = 600_000;

/**
 * Adapts to a limit that another service enforces without naming it: goes down when the service objects, and slowly
 * up again.
 * @param most the value to use while the service doesn't object.
 * @param raise returns the next higher value to try.
 */
export function createAdaptiveLimit(
  most: number,
  raise: (value: number) => number,
  clock: () => number = () => performance.now(),
) {
  let value = most;
  let pause = FIRST_PAUSE;
  let changedAt = 0;
  let loweredAt = Number.NEGATIVE_INFINITY;

  const limit = {
    /** Returns the value to use now. */
    now() {
      // A pause without an objection is followed by a shorter one.
      while (value < most && clock() - changedAt >= pause) {
        value = Math.min(most, raise(value));
        changedAt += pause;
        pause = Math.max(FIRST_PAUSE, pause / 2);
      }
      return value;
    },
    /** Goes down to this value, because the service objected. */
    lower(to: number) {
      if (to >= limit.now()) return;
      // Several objections at once count as one.
      if (value === most) pause = FIRST_PAUSE;
      else if (clock() - loweredAt >= 1_000) pause = Math.min(LONGEST_PAUSE, pause * 4);
      value = to;
      changedAt = clock();
      loweredAt = changedAt;
    },
    /** Goes up to this value, which has proven possible. */
    allow(proven: number) {
      if (proven > limit.now()) value = Math.min(most, proven);
    },
    /** Undoes all lowering, because the service objected to something else. */
    reset() {
      value = most;
    },
  };
  return limit;
}
