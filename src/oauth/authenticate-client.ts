import { timingSafeEqual } from "node:crypto";
import type { Context } from "../context.ts";
import { requireNamed } from "../http/environment-candidates.ts";
import { isId } from "../lib/id.ts";
import { hashToken } from "../lib/random-token.ts";
import { findClient } from "./find-client.ts";
import { oauthError } from "./oauth-error.ts";
import type { ClientCredentials } from "./read-client-credentials.ts";

export interface AuthenticClient {
  client_id: string;
  scopes: string[];
  environment_id: string;
  handle: string;
}

/** Compared with where there is no client, so that the time it takes doesn't tell. */
const NO_HASH = Buffer.alloc(32);

/**
 * Proves a client by its secret, in the first environment of these that exists.
 * @throws 404 where none is named, invalid_client (401) also where there is no such environment, which is nobody's to
 *   find out, and 429 after too many wrong secrets from one address.
 */
export async function authenticateClient(
  { db, limiter }: Pick<Context, "db" | "limiter">,
  { client_id, client_secret }: ClientCredentials,
  { environments, ip }: { environments: string[]; ip: string },
): Promise<AuthenticClient> {
  requireNamed(environments);
  const [found] = await findClient(db, {
    handles: environments,
    id: isId("client", client_id) ? client_id : null,
  });
  const right = timingSafeEqual(hashToken(client_secret), found?.secret_hash ?? NO_HASH);
  if (right && found !== undefined && found.secret_hash !== null && found.scopes !== null) {
    const { environment_id, handle, scopes } = found;
    return { client_id, scopes, environment_id, handle };
  }
  limiter.count("wrong_secret", ip);
  throw oauthError("invalid_client", "No such client in this environment, or its secret is another.");
}
