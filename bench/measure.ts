/** The median and the extremes of several rounds. */
export interface Series {
  median: number;
  low: number;
  high: number;
}

/** Does something `count` times; its preparation isn't timed. */
export interface Contestant {
  prepare?(count: number): Promise<void>;
  run(count: number): Promise<void>;
}

/**
 * Lets ours and the reference take turns, so that other load on the machine affects both: one round to warm
 * up, then the rounds that count.
 * @returns the rates per second, ours in the order given.
 */
export async function takeTurns(
  ours: Contestant[],
  reference: Contestant,
  { count, rounds }: { count: number; rounds: number },
): Promise<{ ours: Series[]; reference: Series }> {
  const everybody = [reference, ...ours].map((contestant) => ({ contestant, rates: [] as number[] }));
  for (let round = 0; round <= rounds; round += 1) {
    for (const { contestant, rates } of everybody) {
      await contestant.prepare?.(count);
      const startedAt = performance.now();
      await contestant.run(count);
      if (round > 0) rates.push((1_000 * count) / (performance.now() - startedAt));
    }
  }
  const [first, ...rest] = everybody.map(({ rates }) => summarize(rates)) as [Series, ...Series[]];
  return { ours: rest, reference: first };
}

function summarize(values: number[]): Series {
  return { median: quantile(values, 0.5), low: Math.min(...values), high: Math.max(...values) };
}

export function quantile(values: number[], fraction: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(fraction * sorted.length))] ?? Number.NaN;
}
