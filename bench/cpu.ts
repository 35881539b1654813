import { readdirSync, readFileSync } from "node:fs";

/** Milliseconds in a tick of /proc, which is a hundredth of a second on every Linux that Node runs on. */
const TICK = 10;

/** The ids of processes by name. A process includes those that it starts. */
export type Processes = Record<string, number>;

/**
 * Returns the CPU time (user and system) that each process and its descendants have used so far, in milliseconds.
 * The time of a descendant that has ended belongs to its parent. Returns nothing on systems without /proc.
 */
export function cpuTimes(processes: Processes): Record<string, number> {
  if (process.platform !== "linux") return {};
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readStat(Number(name)));
  const timeOf = (pid: number): number =>
    all.reduce((sum, other) => {
      if (other.pid === pid) return sum + other.time;
      return other.parent === pid ? sum + timeOf(other.pid) : sum;
    }, 0);
  return Object.fromEntries(Object.entries(processes).map(([name, pid]) => [name, timeOf(pid)]));
}

/** Returns the parent of a process, or the process itself on systems without /proc. */
export function parentOf(pid: number): number {
  return readStat(pid)[0]?.parent ?? pid;
}

function readStat(pid: number): Array<{ pid: number; parent: number; time: number }> {
  try {
    // The name of the program, in parentheses, may hold spaces; the parent is the second field after it.
    const fields = readFileSync(`/proc/${pid}/stat`, "latin1")
      .replace(/^.*\) /s, "")
      .split(" ");
    const [, parent] = fields;
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return [{ pid, parent: Number(parent), time: TICK * ticks }];
  } catch {
    // It has just ended.
    return [];
  }
}
