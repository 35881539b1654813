import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chown, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { ClusterHome } from "./cluster-home.ts";
import { serverProcess } from "./server-user.ts";

/** Creates the cluster unless the home holds one already; returns the password of its superuser `guildhall`. */
export async function initCluster(home: ClusterHome, initdb: string, durable: boolean): Promise<string> {
  const data = join(home.path, "data");
  const password = join(home.path, "password");

  const initialized = await stat(data).catch(() => undefined);
  if (initialized === undefined) {
    await removeUnfinished(home.path);
    // Before the data and renewed with them: data that exist always have their password.
    await rm(password, { force: true });
    await writeFile(password, randomBytes(24).toString("base64url"), { mode: 0o600, flush: true });
    // Renamed when complete: a home never has half a cluster under the name `data`.
    const draft = await mkdtemp(join(home.path, "unfinished-"));
    if (home.user !== undefined) {
      for (const path of [password, draft]) await chown(path, home.user.uid, home.user.gid);
    }
    await runInitdb(initdb, home, [
      `--pgdata=${draft}`,
      `--pwfile=${password}`,
      ...(durable ? [] : ["--no-sync"]),
    ]);
    await rename(draft, data);
  }

  try {
    return await readFile(password, "utf8");
  } catch (cause) {
    throw new Error(
      `The database in ${home.path} can't be opened without ${password}; ` +
        "make that file readable again, or delete the directory to start afresh.",
      { cause },
    );
  }
}

async function removeUnfinished(home: string): Promise<void> {
  for (const name of await readdir(home)) {
    // Retried because an initdb that outlived its Guildhall may still be writing there.
    if (name.startsWith("unfinished-")) await rm(join(home, name), { recursive: true, maxRetries: 10 });
  }
}

async function runInitdb(initdb: string, { path, user }: ClusterHome, where: string[]): Promise<void> {
  const args = [
    ...["--username=guildhall", "--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions"],
    // Sorts by code point like C, and still knows upper and lower case beyond ASCII.
    ...["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"],
  ];
  const child = spawn(initdb, [...args, ...where], {
    ...serverProcess(user),
    stdio: ["ignore", "ignore", "pipe"],
  });
  const [[code, signal], complaints] = await Promise.all([once(child, "exit"), text(child.stderr)]);
  if (code === 0) return;
  throw new Error(
    `initdb could not create a database in ${path} (${signal ?? `exit code ${code}`}): ` +
      `${complaints.trim()}\nMend that, or set DATABASE_URL.`,
  );
}
