import { execFile } from "node:child_process";
import { readFile, readlink, realpath, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const FAST_SHUTDOWN_MS = 10_000;
const IMMEDIATE_SHUTDOWN_MS = 15_000;

/**
 * A Guildhall that was killed leaves its server running, or at least its postmaster.pid.
 * Call it only as the owner of these data: it stops whatever server runs on them.
 */
export async function stopOrphan(data: string): Promise<void> {
  const lock = join(data, "postmaster.pid");
  const pid = Number.parseInt(await readFile(lock, "utf8").catch(() => ""), 10);
  if (pid > 1 && (await servesFrom(pid, data))) {
    await shutDown(
      (signal) => process.kill(pid, signal),
      async () => !(await servesFrom(pid, data)),
    );
  }
  // Postgres believes a stale file whose pid another process has got since, and would refuse to start.
  await rm(lock, { force: true });
}

/** A pid may have been reused, so it counts only if it is a Postgres at home in this very directory. */
async function servesFrom(pid: number, data: string): Promise<boolean> {
  try {
    if (process.platform === "linux") {
      const program = basename(await readlink(`/proc/${pid}/exe`));
      return (
        program.startsWith("postgres") && (await readlink(`/proc/${pid}/cwd`)) === (await realpath(data))
      );
    }
    const { stdout } = await promisify(execFile)("ps", ["-p", String(pid), "-o", "command="]);
    return stdout.includes("postgres") && stdout.includes(data);
  } catch {
    return false;
  }
}

/** Fast shutdown; if that takes too long an immediate one, after which the next start replays the log. */
export async function shutDown(
  kill: (signal: NodeJS.Signals) => void,
  isGone: () => boolean | Promise<boolean>,
): Promise<void> {
  if ((await endsBy("SIGINT", FAST_SHUTDOWN_MS)) || (await endsBy("SIGQUIT", IMMEDIATE_SHUTDOWN_MS))) return;
  throw new Error("The embedded Postgres does not stop; end its processes by hand and start again.");

  async function endsBy(signal: NodeJS.Signals, within: number): Promise<boolean> {
    const deadline = Date.now() + within;
    try {
      kill(signal);
    } catch (error) {
      if (!(await isGone())) throw error;
    }
    while (!(await isGone())) {
      if (Date.now() > deadline) return false;
      await sleep(10);
    }
    return true;
  }
}
