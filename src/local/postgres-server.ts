import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chown, mkdtemp, readdir, readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { freePort } from "./free-port.ts";
import { generatedSecret } from "./generated-secret.ts";

const run = promisify(execFile);

export interface ServerUser {
  uid: number;
  gid: number;
}

export interface PostgresHome {
  /** Holds `data`, `password` and `postgres.log`. */
  path: string;
  /** Undefined if Postgres runs as the user of this process. */
  user: ServerUser | undefined;
}

/** Creates the cluster if it doesn't exist. Returns the password of its superuser `guildhall`. */
export async function createCluster(home: PostgresHome, programs: string, durable: boolean): Promise<string> {
  const data = join(home.path, "data");
  const password = join(home.path, "password");
  if (!existsSync(data)) {
    await generatedSecret(home.path, "password");
    await giveToServer(home, password);
    // Renamed when complete, so that `data` never holds half a cluster.
    const draft = await mkdtemp(join(home.path, "unfinished-"));
    await giveToServer(home, draft);
    const args = [
      ...["--username=guildhall", "--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions"],
      // Sorts by code point, like C, but knows upper and lower case beyond ASCII.
      ...["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"],
      ...[`--pgdata=${draft}`, `--pwfile=${password}`, ...(durable ? [] : ["--no-sync"])],
    ];
    try {
      await run(join(programs, "initdb"), args, asServer(home));
      await rename(draft, data);
    } catch (cause) {
      // If another start was faster, use its cluster.
      if (!existsSync(data)) {
        throw new Error(
          `initdb could not create a database in ${home.path}; fix the cause, or set DATABASE_URL. ${cause}`,
          { cause },
        );
      }
    }
  }

  try {
    return (await readFile(password, "utf8")).trim();
  } catch (cause) {
    throw new Error(
      `The database in ${home.path} can't be opened without ${password}; ` +
        "make that file readable again, or delete the directory to start with an empty database.",
      { cause },
    );
  }
}

/** Removes the clusters that interrupted or slower starts left behind. Only the owner of the home may call this. */
export async function removeUnfinished({ path }: PostgresHome): Promise<void> {
  const unfinished = (await readdir(path)).filter((name) => name.startsWith("unfinished-"));
  // Retries, because an orphaned initdb may still be writing.
  for (const name of unfinished) await rm(join(path, name), { recursive: true, force: true, maxRetries: 10 });
}

const READY_WITHIN_MS = 60_000;
/** Problems worth a retry: another program took the port, a killed server is still ending, or another start was faster. */
const PASSING = /could not create any TCP|pre-existing shared memory|lock file .* already exists/;

/** Starts the server, or finds the one that a killed process left running. */
export async function startServer(
  home: PostgresHome,
  programs: string,
  settings: Record<string, string>,
): Promise<{ port: number; isNew: boolean }> {
  const data = join(home.path, "data");
  const deadline = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const running = await findServer(data);
    if (running?.ready) return { port: running.port, isNew: false };
    if (running === undefined) {
      const port = await freePort();
      const problem = await launch(home, programs, {
        ...settings,
        ...{ listen_addresses: "127.0.0.1", port: String(port), unix_socket_directories: "" },
      });
      if (problem === undefined) return { port, isNew: true };
      if (!PASSING.test(problem) || Date.now() > deadline) {
        throw new Error(
          `The embedded Postgres in ${home.path} does not start; fix the cause, set DATABASE_URL, or delete the ` +
            `directory to start with an empty database. The end of its log:\n${problem}`,
        );
      }
      // After a restart of the machine or container, the pid in this file may belong to any other process.
      if (/lock file/.test(problem) && (await findServer(data)) === undefined)
        await rm(join(data, "postmaster.pid"), { force: true });
    } else if (Date.now() > deadline) {
      throw new Error(
        `The embedded Postgres in ${home.path} is not ready; end process ${running.pid} and start again.`,
      );
    }
    await sleep(100);
  }
}

/** Starts the server in a session of its own, where the terminal's Ctrl-C doesn't reach it. Returns its log if that fails. */
async function launch(
  home: PostgresHome,
  programs: string,
  settings: Record<string, string>,
): Promise<string | undefined> {
  const log = join(home.path, "postgres.log");
  await writeFile(log, "", { mode: 0o600 });
  await giveToServer(home, log);
  // pg_ctl passes these to a shell.
  const options = Object.entries(settings).map(([name, value]) => `-c '${name}=${value}'`);
  const args = ["start", "--silent", "-D", join(home.path, "data"), "-l", log, "-o", options.join(" ")];
  try {
    await run(join(programs, "pg_ctl"), args, asServer(home));
    return undefined;
  } catch (error) {
    return `${await readFile(log, "utf8")}\n${error}`.trim().split("\n").slice(-12).join("\n");
  }
}

/** Stops the server that runs on these data, if any: first a fast shutdown, then an immediate one. */
export async function stopServer(data: string): Promise<void> {
  for (const signal of ["SIGINT", "SIGQUIT"] as const) {
    const server = await findServer(data);
    if (server !== undefined) process.kill(server.pid, signal);
    for (const deadline = Date.now() + 10_000; Date.now() < deadline; await sleep(10))
      if ((await findServer(data)) === undefined) return;
  }
  throw new Error(`The embedded Postgres in ${data} does not stop; end its processes and start again.`);
}

/** Reads postmaster.pid and checks that this pid is a Postgres that runs on these data. */
async function findServer(data: string): Promise<{ pid: number; port: number; ready: boolean } | undefined> {
  try {
    const lines = (await readFile(join(data, "postmaster.pid"), "utf8")).split("\n");
    const pid = Number(lines[0]);
    if (!(await servesFrom(pid, data))) return undefined;
    return { pid, port: Number(lines[3]), ready: lines[7]?.trim() === "ready" };
  } catch {
    return undefined;
  }
}

/** Reads the command line, which every user may do. In a container, root can't read `exe` and `cwd` of other users' processes. */
async function servesFrom(pid: number, data: string): Promise<boolean> {
  const command =
    process.platform === "linux"
      ? (await readFile(`/proc/${pid}/cmdline`, "utf8")).replaceAll("\0", " ")
      : (await run("ps", ["-p", String(pid), "-o", "command="])).stdout;
  return command.includes("postgres") && command.includes(` -D ${await realpath(data)} `);
}

/** Returns options to run Postgres' programs as their own user, without our PG* variables, in a directory they can enter. */
function asServer({ user }: PostgresHome) {
  return { ...user, cwd: "/", env: { PATH: process.env.PATH ?? "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" } };
}

async function giveToServer({ user }: PostgresHome, path: string): Promise<void> {
  if (user !== undefined) await chown(path, user.uid, user.gid);
}
