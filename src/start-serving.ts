import { createApp } from "./app.ts";
import type { Context } from "./context.ts";
import { serve } from "./http/serve.ts";
import { inboxRouter } from "./pages/inbox.ts";

/** Milliseconds that requests under way have to finish. */
const GRACE = 10_000;

/**
 * The API's part of a process.
 * @param inboxDirectory where mails land that leave for nowhere, if they do.
 * @returns what ends it: no new requests, wait for those under way.
 */
export async function startServing(
  context: Context,
  { production, inboxDirectory }: { production: boolean; inboxDirectory: string | undefined },
): Promise<() => Promise<void>> {
  const { settings, log } = context;
  const inbox = inboxDirectory === undefined ? undefined : inboxRouter({ directory: inboxDirectory });
  const workbench = production ? undefined : await openWorkbench(inbox !== undefined);
  const app = createApp(context, { inbox, workbench });
  const server = await serve(app, { port: settings.PORT, host: settings.HOST });
  log.info({ port: server.port, host: settings.HOST }, "serving");
  return () => server.stop(GRACE);
}

/** Not even loaded in production. */
async function openWorkbench(hasInbox: boolean) {
  const { workbenchRouter } = await import("./dev/workbench.ts");
  return workbenchRouter({ hasInbox });
}
