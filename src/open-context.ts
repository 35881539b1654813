import type { QueueBackend } from "../jobs/queue-backend.ts";
import { openQueues } from "../jobs/queues.ts";
import { createIdentitySources } from "./access/identities/identity-sources.ts";
import { createAccessTokens } from "./access/oauth/access-tokens.ts";
import type { Settings } from "./config/variables.ts";
import type { Context } from "./context.ts";
import { type DatabaseOptions, openDatabase } from "./db/connection.ts";
import { createRateLimiter } from "./http/rate-limiter.ts";
import { createLinkKeys } from "./invitations/invitation-link.ts";
import type { Log } from "./log.ts";

/** Opens everything that commands need. Close it with `closeContext`. */
export function openContext(
  settings: Settings,
  backend: QueueBackend,
  log: Log,
  { patience }: Pick<DatabaseOptions, "patience"> = {},
): Context {
  return {
    settings,
    db: openDatabase({ url: settings.DATABASE_URL, poolSize: 10, name: settings.role, patience }),
    queues: openQueues(backend, log),
    linkKeys: createLinkKeys([settings.SECRET_KEY, ...settings.SECRET_KEYS_PREVIOUS]),
    accessTokens: createAccessTokens(settings),
    identities: createIdentitySources(settings),
    limiter: createRateLimiter(),
    log,
  };
}

export async function closeContext({ queues, db }: Context): Promise<void> {
  await queues.close();
  await db.destroy();
}
