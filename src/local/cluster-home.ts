import {
  chmod,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readlink,
  realpath,
  rm,
  symlink,
} from "node:fs/promises";
import { join } from "node:path";
import { isClaimed } from "./claim-home.ts";
import { errorCode } from "./error-code.ts";
import { canReach, type ServerUser, serverUser } from "./server-user.ts";
import { createStateDirectory, STATE_DIRECTORY } from "./state-directory.ts";
import { stopOrphan } from "./stop-orphan.ts";

export interface ClusterHome {
  /** Holds `data`, `password` and `owner`. */
  path: string;
  user: ServerUser | undefined;
}

/** The directory itself, unless the server's user can't reach it: then a directory elsewhere, which `elsewhere` in it points to. */
export async function clusterHome(directory: string): Promise<ClusterHome> {
  await mkdir(directory, { recursive: true });
  const path = (await homeElsewhere(directory)) ?? (await realpath(directory));
  const user = await serverUser(join(path, "data"));
  if (user === undefined || (await canReach(user, path))) return { path, user };

  if (await pathExists(join(path, "data"))) {
    throw new Error(
      `The database's user (uid ${user.uid}) can no longer reach its files in ${path}; ` +
        "let others search that directory and those above it (chmod o+x), or set DATA_DIR to another directory.",
    );
  }
  await createStateDirectory();
  await sweepAbandonedHomes();
  return { path: await createHomeElsewhere(directory), user };
}

async function homeElsewhere(directory: string): Promise<string | undefined> {
  const pointer = join(directory, "elsewhere");
  if (!(await pathExists(pointer))) return undefined;
  const home = await readlink(pointer);
  if (await pathExists(home)) return home;
  await rm(pointer);
  return undefined;
}

async function createHomeElsewhere(directory: string): Promise<string> {
  const home = await mkdtemp(join(STATE_DIRECTORY, "data-"));
  await chmod(home, 0o711);
  try {
    await point(join(directory, "elsewhere"), home);
    return home;
  } catch (error) {
    await rm(home, { recursive: true });
    const quicker = errorCode(error) === "EEXIST" ? await homeElsewhere(directory) : undefined;
    if (quicker === undefined) throw error;
    return quicker;
  }
}

/** One symbolic link with two names: when the directory is deleted the link count says so, when it is moved it doesn't. */
async function point(pointer: string, home: string): Promise<void> {
  const twin = join(home, "pointer");
  await symlink(home, twin);
  try {
    await link(twin, pointer);
  } catch (error) {
    if (errorCode(error) !== "EXDEV") throw error;
    // Across file systems there is no counting, so without a twin this home is never swept.
    await rm(twin);
    await symlink(home, pointer);
  }
}

/** A dangling symbolic link exists too. */
async function pathExists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** Longer than a starting Guildhall needs between creating a home and pointing to it. */
const SETTLED_MS = 10_000;

/** Whoever deletes a directory means its database too: removes the homes whose directory is gone. */
async function sweepAbandonedHomes(): Promise<void> {
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
