import { createApp } from "./app.ts";
import type { Context } from "./context.ts";
import { serve } from "./http/serve.ts";

/** Milliseconds that running requests have to finish. */
const GRACE = 10_000;

/**
 * Starts the API in this process.
 * @param inboxDirectory where the built-in inbox keeps its emails; undefined if emails go to a real SMTP server.
 * @returns a function that stops it: it takes no new requests and waits for the running ones.
 */
export async function startServing(
  context: Context,
  { production, inboxDirectory }: { production: boolean; inboxDirectory: string | undefined },
): Promise<() => Promise<void>> {
  const { settings, log } = context;
  const app = createApp(context, production ? {} : await openLocalPages(inboxDirectory));
  const server = await serve(app, { port: settings.PORT, host: settings.HOST });
  log.info({ port: server.port, host: settings.HOST }, "serving");
  return () => server.stop(GRACE);
}

/** Loads the pages that only a developer's machine has. */
async function openLocalPages(inboxDirectory: string | undefined) {
  const { previewsRouter } = await import("./local/previews-router.ts");
  const previews = previewsRouter({ hasInbox: inboxDirectory !== undefined });
  if (inboxDirectory === undefined) return { previews };
  const { inboxRouter } = await import("./local/inbox-router.ts");
  return { previews, inbox: inboxRouter({ directory: inboxDirectory }) };
}
