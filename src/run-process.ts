import type { JobContext } from "../jobs/define-job.ts";
import { openQueueBackend } from "../jobs/queue-backend.ts";
import { startWorker } from "../jobs/worker.ts";
import { createApp } from "./app.ts";
import type { Config } from "./config.ts";
import type { Context } from "./context.ts";
import { prepareSchema } from "./db/prepare-schema.ts";
import { waitForDatabase } from "./db/wait-for-database.ts";
import { generatedSecret } from "./embedded/generated-secret.ts";
import { provideSettings } from "./embedded/provide-settings.ts";
import { seedDevelopment } from "./embedded/seed-development.ts";
import { welcome } from "./embedded/welcome.ts";
import { serve } from "./http/serve.ts";
import type { Log } from "./log.ts";
import { compileMailsApart } from "./mail/compile-mails-apart.ts";
import { createDeliveryRunner } from "./mail/delivery-runner.ts";
import { createMailRenderer, type MailSources } from "./mail/mail-renderer.ts";
import { closeContext, openContext } from "./open-context.ts";
import { inboxRouter } from "./pages/inbox.ts";

export interface RunningProcess {
  /** Settles when everything runs, or with what prevented it. */
  started: Promise<void>;
  /** Undoes the start, or as much of it as there was, in reverse: no new work, wait for what is under way, close. */
  stop(): Promise<void>;
}

/** Milliseconds that requests, and mails, under way have to finish once the process is asked to stop. */
const GRACE = { requests: 10_000, mails: 25_000 };

/** Not even loaded in production. */
async function openWorkbench(hasInbox: boolean) {
  const { workbenchRouter } = await import("./dev/workbench.ts");
  return workbenchRouter({ hasInbox });
}

/** Brings up a role: the API, the worker, or both with everything a developer's machine lacks. */
export function runProcess(config: Config, log: Log): RunningProcess {
  const undo: Array<() => Promise<void>> = [];
  let stopping = false;
  const started = start();

  async function start(): Promise<void> {
    // Under way while databases start.
    const compiling = config.role === "api" ? undefined : compileMailsApart();
    compiling?.catch(() => {});
    const { settings, inboxDirectory, stop } = await provideSettings(config);
    undo.push(stop);
    await waitForDatabase(settings.DATABASE_URL, log, () => stopping);
    if (!stopping) await prepareSchema(settings, log, () => stopping);
    if (stopping) return;
    const backend = openQueueBackend(settings);
    undo.push(() => backend.close());
    const context = openContext(settings, backend, log);
    undo.push(() => closeContext(context));
    if (compiling !== undefined) undo.push(await startWorking(context, await compiling));
    if (config.role !== "worker") undo.push(await startServing(context));
    if (config.role === "all" && !config.production) await greet(context);

    async function startWorking(worker: Context, sources: MailSources): Promise<() => Promise<void>> {
      const renderer = createMailRenderer(sources);
      const deliveries = createDeliveryRunner({ ...worker, renderer });
      const jobContext: JobContext = { ...worker, deliveries, stopping: () => stopping };
      const running = startWorker(backend, jobContext);
      log.info("taking jobs");
      return async () => {
        await Promise.all([running.stop(), deliveries.stop(GRACE.mails)]);
      };
    }

    async function startServing(api: Context): Promise<() => Promise<void>> {
      const inbox = inboxDirectory === undefined ? undefined : inboxRouter({ directory: inboxDirectory });
      const workbench = config.production ? undefined : await openWorkbench(inbox !== undefined);
      const server = await serve(createApp(api, { inbox, workbench }), {
        port: settings.PORT,
        host: settings.HOST,
      });
      log.info({ port: server.port, host: settings.HOST }, "serving");
      return () => server.stop(GRACE.requests);
    }

    async function greet(all: Context): Promise<void> {
      const token = await generatedSecret(settings.DATA_DIR, "session-token");
      const seeded = await seedDevelopment(all, token);
      process.stdout.write(welcome(settings, seeded, token, inboxDirectory !== undefined));
    }
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
