import type { Knex } from "knex";
import type { Queues } from "../jobs/queues.ts";
import type { IdentitySources } from "./access/identities/identity-sources.ts";
import type { AccessTokens } from "./access/oauth/access-tokens.ts";
import type { Settings } from "./config/variables.ts";
import type { RateLimiter } from "./http/rate-limiter.ts";
import type { LinkKeys } from "./invitations/invitation-link.ts";
import type { Log } from "./log.ts";

/** Everything a process has opened, passed to every command. */
export interface Context {
  settings: Settings;
  db: Knex;
  queues: Queues;
  linkKeys: LinkKeys;
  accessTokens: AccessTokens;
  identities: IdentitySources;
  limiter: RateLimiter;
  log: Log;
}
