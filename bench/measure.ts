import { cpuTimes, type Processes } from "./cpu.ts";

/** Someone who takes part in a row of the bench. */
export interface Contestant {
  who: string;
  /** The processes whose CPU time it costs. */
  processes: Processes;
  /** Makes ready for so many operations. Isn't measured. */
  prepare?(count: number): Promise<void>;
  /** @returns how long each operation took in milliseconds, if that is known. */
  run(count: number): Promise<number[]>;
}

export interface Measured {
  who: string;
  perSecond: Series;
  /** Milliseconds of each operation. */
  latencies: number[];
  /** Milliseconds of CPU time per operation, by process. */
  cpu: Record<string, number>;
}

/** The median and the extremes of several rounds. */
export interface Series {
  median: number;
  low: number;
  high: number;
}

interface Turns {
  rounds: number;
  /** How many operations run first without being measured. */
  warmUp: number;
  /** How many operations a round has, or about how many seconds it takes, as estimated from the warm-up. */
  each: { count: number } | { seconds: number };
}

/** Lets the contestants take turns, so that other load on the machine affects all of them. */
export async function takeTurns(
  contestants: Contestant[],
  { rounds, warmUp, each }: Turns,
): Promise<Measured[]> {
  const entries = contestants.map((contestant) => ({
    contestant,
    count: "count" in each ? each.count : 1,
    ...{ rates: [] as number[], latencies: [] as number[], operations: 0, cpu: {} as Record<string, number> },
  }));
  for (const entry of warmUp > 0 ? entries : []) {
    const { seconds } = await measureOnce(entry.contestant, warmUp);
    if ("seconds" in each) entry.count = Math.ceil((each.seconds * warmUp) / seconds);
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const entry of entries) {
      const { seconds, latencies, cpu } = await measureOnce(entry.contestant, entry.count);
      entry.operations += entry.count;
      entry.rates.push(entry.count / seconds);
      // Not by spreading them, which would put each on the stack.
      entry.latencies = entry.latencies.concat(latencies);
      for (const [name, time] of Object.entries(cpu)) entry.cpu[name] = (entry.cpu[name] ?? 0) + time;
    }
  }
  return entries.map(({ contestant, rates, latencies, operations, cpu }) => ({
    who: contestant.who,
    perSecond: { median: quantile(rates, 0.5), low: Math.min(...rates), high: Math.max(...rates) },
    latencies,
    cpu: Object.fromEntries(Object.entries(cpu).map(([name, time]) => [name, time / operations])),
  }));
}

async function measureOnce({ processes, prepare, run }: Contestant, count: number) {
  await prepare?.(count);
  const before = cpuTimes(processes);
  const startedAt = performance.now();
  const latencies = await run(count);
  const seconds = (performance.now() - startedAt) / 1_000;
  const after = Object.entries(cpuTimes(processes));
  const cpu = Object.fromEntries(after.map(([name, time]) => [name, time - (before[name] ?? 0)]));
  return { seconds, latencies, cpu };
}

export function quantile(values: number[], fraction: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(fraction * sorted.length))] ?? Number.NaN;
}
