import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { captureStrayOutput } from "./capture-stray-output.ts";
import { ConfigError, readConfig } from "./config/read-config.ts";
import type { Role } from "./config/variables.ts";
import { migrate } from "./db/migrate.ts";
import { createLog, type Log } from "./log.ts";
import { runProcess } from "./run-process.ts";

const ROLES: readonly string[] = ["all", "api", "worker", "migrate"] satisfies Role[];

/** Milliseconds until a stopping process gives up. Longer than everything it waits for. */
const SHUTDOWN_LIMIT = 45_000;

/** Milliseconds between checks of the parent process. */
const PARENT_CHECK = 250;

/** Runs a role of the service, or the migration. A failure ends the process with exit code 1. */
export async function runCommand(role: string): Promise<void> {
  if (!isRole(role)) return fail(`Unknown role ${role}: use one of ${ROLES.join(", ")}.`);
  try {
    const config = readConfig(process.env, role);
    const log = createLog(config.LOG_LEVEL, role);
    if (config.production) captureStrayOutput(log);
    if (config.role === "migrate") {
      const url = config.DATABASE_URL ?? "";
      const { migrations, newer } = await migrate(url, { queueInPostgres: config.REDIS_URL === undefined });
      if (newer.length > 0) log.info({ newer }, "the database is newer than this version: nothing changed");
      else log.info({ migrations }, migrations.length === 0 ? "nothing to migrate" : "migrated");
      return;
    }
    const running = runProcess(config, log);
    stopWhenAsked(running.stop, log);
    await running.started.catch(async (error) => {
      // Anything that did start, such as an embedded Postgres, must stop too.
      await running.stop().catch(() => {});
      throw error;
    });
  } catch (error) {
    if (error instanceof ConfigError) return fail(`Guildhall can't start:\n${error.message}`);
    return fail(
      `Guildhall can't start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
  }
}

/**
 * Stops the process cleanly at the first signal, with exit code 0 once all work is finished. The end of the npm that
 * started it counts as a signal, because npm can't pass on a SIGKILL, and a process left behind would keep the data
 * and the port.
 */
function stopWhenAsked(stop: () => Promise<void>, log: Log): void {
  let stopping = false;
  function begin(reason: string): void {
    if (stopping) return;
    stopping = true;
    log.info({ reason }, "stopping");
    const limit = `Guildhall did not stop within ${SHUTDOWN_LIMIT / 1_000} s and gives up.`;
    setTimeout(() => fail(limit), SHUTDOWN_LIMIT).unref();
    stop().then(
      () => process.exit(0),
      (error) => fail(`Guildhall could not stop cleanly: ${error}`),
    );
  }

  for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => begin(signal));
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const npm = npmProcess();
  // A signal that reaches only npm's shell ends the shell, and this process gets another parent.
  const isOrphan = () => process.ppid !== parent || !isRunning(npm);
  setInterval(() => isOrphan() && begin("npm is gone"), PARENT_CHECK).unref();
}

function isRole(role: string): role is Role {
  return ROLES.includes(role);
}

function fail(message: string): void {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/**
 * Returns the id of the npm that started this process by one of its scripts. npm runs scripts in a shell. Some shells
 * become the script, others stay between the two.
 */
function npmProcess(): number {
  const { parent, name } = processInfo(process.ppid);
  return /^-?(?:.*\/)?(?:ba|da|k|z)?sh$/.test(name) ? parent : process.ppid;
}

function processInfo(pid: number): { parent: number; name: string } {
  if (process.platform === "linux") {
    // "123 (name) S 45 …"; a name may itself hold parentheses.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const end = stat.lastIndexOf(")");
    return {
      parent: Number(stat.slice(end + 4).split(" ")[0]),
      name: stat.slice(stat.indexOf("(") + 1, end),
    };
  }
  if (process.platform === "win32") return { parent: process.ppid, name: "" };
  const line = execFileSync("ps", ["-p", String(pid), "-o", "ppid=,comm="], { encoding: "utf8" }).trim();
  return { parent: Number.parseInt(line, 10), name: line.replace(/^\d+ +/, "") };
}

/** Returns whether a process with this id is running. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is running, but belongs to another user.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
