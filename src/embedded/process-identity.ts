import { readFile } from "node:fs/promises";

/**
 * Tells a process from a later one that was given the same pid (in a container, the same pid returns at every
 * start): pid and start time on Linux, the pid alone elsewhere. Undefined when no such process is alive.
 */
export async function processIdentity(pid: number): Promise<string | undefined> {
  if (process.platform !== "linux") return answersSignals(pid) ? String(pid) : undefined;

  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  if (stat === undefined) return undefined;

  // The command name, in parentheses, may hold spaces; what follows the last one starts with field 3, the state.
  const [state, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return state === "Z" || state === "X" ? undefined : `${pid} ${rest[18]}`;
}

function answersSignals(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
