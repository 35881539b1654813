interface GateLimits {
  /** How many may run at once, in total and per caller. */
  atOnce: number;
  each: number;
  /** How many may wait, in total and per caller. */
  waiting: number;
  waitingEach: number;
  /** The most milliseconds to wait. */
  patience: number;
}

/** Thrown when the queue is full or the wait too long. */
export class GateFull extends Error {}

interface Waiting {
  who: string;
  start: () => void;
}

/**
 * Limits concurrent work to what another service can take. Each caller has a share, and the next free place goes to
 * the waiting caller with the least work in progress. So a flood from one caller leaves room for the others.
 * @returns a function that runs `work` when it is its turn, and settles as `work` does. It throws GateFull.
 */
export function createFairGate(limits: GateLimits) {
  const { atOnce, each, waiting, waitingEach, patience } = limits;
  const underWay = new Map<string, number>();
  let total = 0;
  let queue: Waiting[] = [];
  const of = (who: string) => underWay.get(who) ?? 0;

  function change(who: string, by: 1 | -1): void {
    total += by;
    if (of(who) + by === 0) underWay.delete(who);
    else underWay.set(who, of(who) + by);
  }

  function startNext(): void {
    const ready = queue.filter(({ who }) => of(who) < each);
    const next = ready.reduce<Waiting | undefined>(
      (best, one) => (best === undefined || of(one.who) < of(best.who) ? one : best),
      undefined,
    );
    if (next === undefined || total >= atOnce) return;
    queue = queue.filter((one) => one !== next);
    change(next.who, 1);
    next.start();
  }

  function turn(who: string): Promise<void> | undefined {
    if (total < atOnce && of(who) < each) {
      change(who, 1);
      return undefined;
    }
    const isCrowded = queue.length >= waiting || queue.filter((one) => one.who === who).length >= waitingEach;
    if (isCrowded) throw new GateFull("too many are waiting");
    return new Promise((resolve, reject) => {
      const giveUp = setTimeout(() => {
        queue = queue.filter((one) => one !== place);
        reject(new GateFull(`no turn within ${patience} ms`));
      }, patience);
      const place: Waiting = {
        who,
        start() {
          clearTimeout(giveUp);
          resolve();
        },
      };
      queue.push(place);
    });
  }

  return async <Result>(who: string, work: () => Promise<Result>): Promise<Result> => {
    await turn(who);
    try {
      return await work();
    } finally {
      change(who, -1);
      startNext();
    }
  };
}
