import { createApp } from "./app.ts";
import type { Context } from "./context.ts";
import { serve } from "./http/serve.ts";

/** Milliseconds that requests under way have to finish. */
const GRACE = 10_000;

/**
 * The API's part of a process.
 * @param inboxDirectory where the built-in inbox keeps its emails; undefined when emails go to a real SMTP server.
 * @returns what ends it: no new requests, wait for those under way.
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

/** The pages that only a developer's machine has: production doesn't even load them. */
async function openLocalPages(inboxDirectory: string | undefined) {
  const { workbenchRouter } = await import("./local/workbench.ts");
  const workbench = workbenchRouter({ hasInbox: inboxDirectory !== undefined });
  if (inboxDirectory === undefined) return { workbench };
  const { inboxRouter } = await import("./local/inbox-router.ts");
  return { workbench, inbox: inboxRouter({ directory: inboxDirectory }) };
}
