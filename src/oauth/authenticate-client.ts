import { timingSafeEqual } from "node:crypto";
import type { Context } from "../context.ts";
import { notFound } from "../errors.ts";
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
 * @throws 404 without an environment, invalid_client (401), 429 after too many wrong secrets from one address.
 */
export async function authenticateClient(
  { db, limiter }: Pick<Context, "db" | "limiter">,
  { client_id, client_secret }: ClientCredentials,
  { environments, ip }: { environments: string[]; ip: string },
): Promise<AuthenticClient> {
  const [found] = await findClient(db, [environments, isId("client", client_id) ? client_id : null]);
  if (found === undefined) throw notFound("environment");
  const { environment_id, handle, secret_hash, scopes } = found;
  const right = timingSafeEqual(hashToken(client_secret), secret_hash ?? NO_HASH);
  if (right && secret_hash !== null && scopes !== null) return { client_id, scopes, environment_id, handle };
  limiter.count("wrong_secret", ip);
  throw oauthError("invalid_client", "No such client in this environment, or its secret is another.");
}
