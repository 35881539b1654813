import { chmod, link, mkdir, mkdtemp, readlink, realpath, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "./error-code.ts";
import { pathExists } from "./path-exists.ts";
import { canReach, type ServerUser, serverUser } from "./server-user.ts";
import { createStateDirectory, STATE_DIRECTORY } from "./state-directory.ts";
import { sweepAbandonedHomes } from "./sweep-abandoned-homes.ts";

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
