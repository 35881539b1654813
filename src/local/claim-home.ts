import { randomUUID } from "node:crypto";
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "./error-code.ts";

/**
 * Makes this process the owner of a cluster's home, or refuses while another owner is alive.
 * Returns the function that gives the home up.
 */
export async function claimHome(home: string, directory: string): Promise<() => Promise<void>> {
  const owner = join(home, "owner");
  const me = (await processIdentity(process.pid)) ?? String(process.pid);
  // Linked into place rather than written there, so that nobody ever reads half of it.
  const draft = `${owner}-${randomUUID()}`;
  await writeFile(draft, me);

  try {
    while (!(await linkIfFree(draft, owner))) {
      const seen = await readIfThere(owner);
      if (seen === undefined) continue;
      if (await isAlive(seen)) {
        throw new Error(
          `Another Guildhall (process ${Number.parseInt(seen, 10)}) is using ${directory}; ` +
            "stop it, or set DATA_DIR to another directory.",
        );
      }
      await removeDeadOwner(owner, seen);
    }
  } finally {
    await rm(draft, { force: true });
  }

  return async () => {
    if ((await readIfThere(owner)) === me) await rm(owner, { force: true });
  };
}

/** Whether the process that last claimed this home still runs. */
export async function isClaimed(home: string): Promise<boolean> {
  const seen = await readIfThere(join(home, "owner"));
  return seen !== undefined && (await isAlive(seen));
}

async function isAlive(owner: string): Promise<boolean> {
  const pid = Number.parseInt(owner, 10);
  return pid > 0 && (await processIdentity(pid)) === owner;
}

async function linkIfFree(draft: string, owner: string): Promise<boolean> {
  try {
    await link(draft, owner);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** Two starters may have seen the same dead owner: the slower one would remove the quicker one's claim, so it gives it back. */
async function removeDeadOwner(owner: string, seen: string): Promise<void> {
  const aside = `${owner}-${randomUUID()}`;
  try {
    await rename(owner, aside);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return;
    throw error;
  }
  if ((await readFile(aside, "utf8")) !== seen) await linkIfFree(aside, owner);
  await rm(aside);
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * Tells a process from a later one that was given the same pid (in a container, the same pid returns at every
 * start): pid and start time on Linux, the pid alone elsewhere. Undefined when no such process is alive.
 */
async function processIdentity(pid: number): Promise<string | undefined> {
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
