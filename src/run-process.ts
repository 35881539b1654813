import { setFlagsFromString } from "node:v8";
import { openQueueBackend, requireFitRedis } from "../jobs/queue-backend.ts";
import type { Config } from "./config/variables.ts";
import { prepareSchema } from "./db/prepare-schema.ts";
import { waitForDatabase } from "./db/wait-for-database.ts";
import type { Log } from "./log.ts";
import { compileMailsApart } from "./mail/compile-mails-apart.ts";
import { closeContext, openContext } from "./open-context.ts";
import { provideSettings } from "./provide-settings.ts";

/** Starts a role: the API, the worker, or both. On a developer's machine it also starts everything that is missing there. */
export function runProcess(config: Config, log: Log) {
  const undo: Array<() => Promise<void>> = [];
  let stopping = false;
  const started = start();

  async function start(): Promise<void> {
    // An email is garbage a moment after it was sent, and by default V8 lets garbage grow to twice the live memory.
    if (config.role === "worker") setFlagsFromString("--heap-growing-percent=20");
    if (config.role !== "worker") {
      const { requireFreePort } = await import("./http/serve.ts");
      await requireFreePort({ port: config.PORT, host: config.HOST });
    }
    // Compiles while the database starts. A failure is thrown where the result is awaited. Until then, it must not
    // count as unhandled.
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
    // Each role loads only what it runs: a worker needs no HTTP, and the API doesn't send email.
    if (compiling !== undefined) {
      const { startWorking } = await import("./start-working.ts");
      undo.push(startWorking(context, backend, { sources: await compiling, stopping: () => stopping }));
    }
    // Seeds before serving, so that a client that finds the service ready also finds `acme-test`.
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

  /** Runs every step, even if one fails. */
  async function undoAll(): Promise<void> {
    await started.catch(() => {});
    const errors: unknown[] = [];
    for (const step of undo.reverse()) await step().catch((error) => errors.push(error));
    if (errors.length > 0) throw new AggregateError(errors, errors.map(String).join("; "));
  }

  return {
    /** Resolves when everything runs. Rejects with the reason if it can't. */
    started,
    /** Undoes the start in reverse, even an incomplete one: takes no new work, waits for the rest, closes. */
    stop(): Promise<void> {
      stopping = true;
      stopped ??= undoAll();
      return stopped;
    },
  };
}
