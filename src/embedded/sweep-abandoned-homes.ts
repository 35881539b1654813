import { lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { isClaimed } from "./claim-home.ts";
import { STATE_DIRECTORY } from "./state-directory.ts";
import { stopOrphan } from "./stop-orphan.ts";

/** Longer than a starting Guildhall needs between creating a home and pointing to it. */
const SETTLED_MS = 10_000;

/** Whoever deletes a directory means its database too: removes the homes whose directory is gone. */
export async function sweepAbandonedHomes(): Promise<void> {
  for (const name of await readdir(STATE_DIRECTORY)) {
    if (!name.startsWith("data-")) continue;
    const home = join(STATE_DIRECTORY, name);
    if (!(await isAbandoned(home)) || (await isClaimed(home))) continue;
    await stopOrphan(join(home, "data"));
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function isAbandoned(home: string): Promise<boolean> {
  const pointer = await lstat(join(home, "pointer")).catch(() => undefined);
  return pointer !== undefined && pointer.nlink === 1 && Date.now() - pointer.ctimeMs > SETTLED_MS;
}
