import { captureStrayOutput } from "./capture-stray-output.ts";
import { ConfigError, type Role, readConfig } from "./config.ts";
import { migrate } from "./db/migrate.ts";
import { isRunning, npmProcess } from "./lib/npm-process.ts";
import { createLog, type Log } from "./log.ts";
import { runProcess } from "./run-process.ts";

const ROLES: readonly string[] = ["all", "api", "worker", "migrate"] satisfies Role[];

/** Longer than everything that is waited for at the end; after it the process goes whatever still runs. */
const SHUTDOWN_LIMIT = 45_000;

/** Milliseconds. */
const PARENT_CHECK = 250;

/** Runs what the command line asks for: a role of the service, or the migration. Failures end the process with 1. */
export async function runCommand(role: string): Promise<void> {
  if (!isRole(role)) return fail(`Unknown role ${role}: use one of ${ROLES.join(", ")}.`);
  try {
    const config = readConfig(process.env, role);
    const log = createLog(config.LOG_LEVEL, role);
    if (config.production) captureStrayOutput(log);
    if (config.role === "migrate") {
      const url = config.DATABASE_URL ?? "";
      const { migrations, newer } = await migrate(url, { queueInPostgres: config.REDIS_URL === undefined });
      if (newer.length > 0)
        log.info({ newer }, "the database is newer than this version: nothing was changed");
      else log.info({ migrations }, migrations.length === 0 ? "nothing to migrate" : "migrated");
      return;
    }
    const running = runProcess(config, log);
    stopWhenAsked(running.stop, log);
    await running.started.catch(async (error) => {
      // What did start must not outlive the failure: an embedded Postgres would.
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
 * The first signal ends the process in order, with 0 when everything under way was finished; the loop then runs empty.
 * So does the end of the npm that started it: npm can't pass a SIGKILL on, and a process that remained would keep data and port.
 */
function stopWhenAsked(stop: () => Promise<void>, log: Log): void {
  let stopping = false;
  function begin(reason: string): void {
    if (stopping) return;
    stopping = true;
    log.info({ reason }, "stopping");
    const limit = `Guildhall did not stop within ${SHUTDOWN_LIMIT / 1_000} s and gives up waiting.`;
    setTimeout(() => fail(limit), SHUTDOWN_LIMIT).unref();
    stop().then(
      () => process.exit(0),
      (error) => fail(`Guildhall could not stop in order: ${error}`),
    );
  }

  for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => begin(signal));
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const npm = npmProcess();
  // A signal that reaches npm's shell alone ends that, and this process gets another parent.
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
