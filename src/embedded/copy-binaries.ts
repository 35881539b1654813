import { chmod, cp, lstat, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "./error-code.ts";
import { pathExists } from "./path-exists.ts";
import { assertOnlyRootWrites, createStateDirectory, STATE_DIRECTORY } from "./state-directory.ts";

const LEFT_BEHIND_MS = 600_000;

/** Copies Postgres, once per version, to where every user can run it; returns that place. */
export async function copyBinaries(source: string, version: string): Promise<string> {
  await createStateDirectory();
  const target = join(STATE_DIRECTORY, `postgres-${version}-${process.arch}`);

  if (!(await pathExists(target))) {
    await removeUnfinishedCopies();
    // Renamed when complete: a kill midway leaves no half a copy, and of two starters one wins.
    const draft = await mkdtemp(join(STATE_DIRECTORY, "copying-"));
    try {
      await cp(source, draft, { recursive: true, verbatimSymlinks: true });
      await openToEveryone(draft);
      await rename(draft, target);
    } catch (error) {
      await rm(draft, { recursive: true, force: true });
      if (errorCode(error) !== "ENOTEMPTY" && errorCode(error) !== "EEXIST") throw error;
    }
  }

  await assertOnlyRootWrites(target);
  return target;
}

/** A package installed under a strict umask is closed to others file by file. */
async function openToEveryone(root: string): Promise<void> {
  const entries = await readdir(root, { recursive: true });
  for (const path of [root, ...entries.map((entry) => join(root, entry))]) {
    const entry = await lstat(path);
    if (entry.isSymbolicLink()) continue;
    await chmod(path, (entry.mode & 0o100) === 0 ? 0o644 : 0o755);
  }
}

async function removeUnfinishedCopies(): Promise<void> {
  for (const name of await readdir(STATE_DIRECTORY)) {
    if (!name.startsWith("copying-")) continue;
    const path = join(STATE_DIRECTORY, name);
    // Gone already if it was another starter's, which has just finished.
    const modified = (await lstat(path).catch(() => undefined))?.mtimeMs ?? Date.now();
    if (Date.now() - modified > LEFT_BEHIND_MS) await rm(path, { recursive: true, force: true });
  }
}
