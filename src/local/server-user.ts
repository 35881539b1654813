import { execFile, type SpawnOptions } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { promisify } from "node:util";
import { errorCode } from "./error-code.ts";

export interface ServerUser {
  uid: number;
  gid: number;
}

/**
 * Postgres refuses to run as root. Started by root it therefore runs as the owner of the data if there are any,
 * else as `nobody`; undefined means "as ourselves".
 */
export async function serverUser(data: string): Promise<ServerUser | undefined> {
  const us = process.getuid?.();
  if (us === undefined) return undefined;

  const owner = await ownerOf(data);
  if (us === 0) return owner === undefined || owner.uid === 0 ? nobody() : owner;
  if (owner === undefined || owner.uid === us) return undefined;
  throw new Error(
    `The database files in ${data} belong to another user (uid ${owner.uid}); ` +
      "start Guildhall as the user who started it first, or set DATA_DIR to another directory.",
  );
}

/** Whether that user may enter these directories and run these files; asked of the kernel, which knows all the rules. */
export async function canReach({ uid, gid }: ServerUser, ...paths: string[]): Promise<boolean> {
  const script = 'for path; do test -x "$path" || exit 1; done';
  try {
    await promisify(execFile)("/bin/sh", ["-c", script, "sh", ...paths], { uid, gid, cwd: "/" });
    return true;
  } catch (cause) {
    // A number is the answer no; a word, such as EPERM, is why nobody could be asked.
    if (errorCode(cause) === undefined) return false;
    throw new Error(
      `Postgres can't run as root, and this root may not start it as another user (uid ${uid}); ` +
        "start Guildhall as an ordinary user, or set DATABASE_URL.",
      { cause },
    );
  }
}

async function ownerOf(data: string): Promise<ServerUser | undefined> {
  try {
    const { uid, gid } = await stat(data);
    return { uid, gid };
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function nobody(): Promise<ServerUser> {
  const line = (await readFile("/etc/passwd", "utf8"))
    .split("\n")
    .find((entry) => entry.startsWith("nobody:"));
  const [, , uid, gid] = line?.split(":") ?? [];
  if (uid === undefined || gid === undefined) {
    throw new Error(
      "Postgres can't run as root and /etc/passwd has no user `nobody` to run it as; " +
        "start Guildhall as an ordinary user, or set DATABASE_URL.",
    );
  }
  return { uid: Number(uid), gid: Number(gid) };
}

/** How Postgres programs are spawned: as their user, free of our PG* variables, from a directory they can enter. */
export function serverProcess(user: ServerUser | undefined): SpawnOptions {
  return { ...user, cwd: "/", env: { PATH: process.env.PATH ?? "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" } };
}
