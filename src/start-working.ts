import type { JobContext } from "../jobs/define-job.ts";
import type { QueueBackend } from "../jobs/queue-backend.ts";
import { startWorker } from "../jobs/worker.ts";
import type { Context } from "./context.ts";
import { createDeliveryRunner } from "./mail/delivery-runner.ts";
import { createMailRenderer, type MailSources } from "./mail/mail-renderer.ts";

/** Milliseconds that emails being sent have to finish. */
const GRACE = 25_000;

/** Starts the worker in this process. @returns a function that stops it: it takes no new work and waits for the rest. */
export function startWorking(
  context: Context,
  backend: QueueBackend,
  { sources, stopping }: { sources: MailSources; stopping: () => boolean },
): () => Promise<void> {
  const deliveries = createDeliveryRunner({ ...context, renderer: createMailRenderer(sources) });
  const jobContext: JobContext = { ...context, deliveries, stopping };
  const running = startWorker(backend, jobContext);
  context.log.info("taking jobs");
  return async () => {
    await Promise.all([running.stop(), deliveries.stop(GRACE)]);
  };
}
