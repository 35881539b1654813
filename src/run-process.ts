import { setFlagsFromString } from "node:v8";
import { openQueueBackend } from "../jobs/queue-backend.ts";
import { requireFitRedis } from "../jobs/require-fit-redis.ts";
import type { Config } from "./config.ts";
import { prepareSchema } from "./db/prepare-schema.ts";
import { waitForDatabase } from "./db/wait-for-database.ts";
import type { Log } from "./log.ts";
import { compileMailsApart } from "./mail/compile-mails-apart.ts";
import { closeContext, openContext } from "./open-context.ts";
import { provideSettings } from "./provide-settings.ts";

export interface RunningProcess {
  /** Settles when everything runs, or with what prevented it. */
  started: Promise<void>;
  /** Undoes the start, or as much of it as there was, in reverse: no new work, wait for what is under way, close. */
  stop(): Promise<void>;
}

/** Brings up a role: the API, the worker, or both with everything a developer's machine lacks. */
export function runProcess(config: Config, log: Log): RunningProcess {
  const undo: Array<() => Promise<void>> = [];
  let stopping = false;
  const started = start();

  async function start(): Promise<void> {
    // What a mail was made of is garbage a moment later: left alone, V8 lets twice what is in use gather before it looks.
    if (config.role === "worker") setFlagsFromString("--heap-growing-percent=20");
    if (config.role !== "worker") {
      const { requireFreePort } = await import("./http/serve.ts");
      await requireFreePort({ port: config.PORT, host: config.HOST });
    }
    // Under way while databases start. Its failure is thrown where it is awaited; until then it is not unhandled.
    const compiling = config.role === "api" ? undefined : compileMailsApart();
    compiling?.catch(() => {});
    const { settings, inboxDirectory, stop } = await provideSettings(config);
    undo.push(stop);
    await waitForDatabase(settings.DATABASE_URL, log, () => stopping);
    if (!stopping) await prepareSchema(settings, log, () => stopping);
    if (stopping) return;
    if (settings.REDIS_URL !== undefined) await requireFitRedis(settings.REDIS_URL, log);
    const backend = openQueueBackend(settings);
    undo.push(() => backend.close());
    const context = openContext(settings, backend, log);
    undo.push(() => closeContext(context));
    // Each role loads what it runs: a worker has no use for all that speaks HTTP, nor the API for what sends mail.
    if (compiling !== undefined) {
      const { startWorking } = await import("./start-working.ts");
      undo.push(startWorking(context, backend, { sources: await compiling, stopping: () => stopping }));
    }
    // Before anything is served: a client that finds the service ready finds `acme-test` in it.
    let greeting = "";
    if (config.role === "all" && !config.production) {
      const { seedAndGreet } = await import("./local/welcome.ts");
      greeting = await seedAndGreet(context, config, inboxDirectory !== undefined);
    }
    if (config.role !== "worker") {
      const { startServing } = await import("./start-serving.ts");
      undo.push(await startServing(context, { production: config.production, inboxDirectory }));
    }
    process.stdout.write(greeting);
  }

  let stopped: Promise<void> | undefined;

  /** A step that fails must not leave the others undone. */
  async function undoAll(): Promise<void> {
    await started.catch(() => {});
    const errors: unknown[] = [];
    for (const step of undo.reverse()) await step().catch((error) => errors.push(error));
    if (errors.length > 0) throw new AggregateError(errors, errors.map(String).join("; "));
  }

  return {
    started,
    stop() {
      stopping = true;
      stopped ??= undoAll();
      return stopped;
    },
  };
}
