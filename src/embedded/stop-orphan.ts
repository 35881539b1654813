import { execFile } from "node:child_process";
import { readFile, readlink, realpath, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { shutDown } from "./shut-down.ts";

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
