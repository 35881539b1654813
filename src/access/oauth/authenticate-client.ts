import { timingSafeEqual } from "node:crypto";
import type { Context } from "../../context.ts";
import { statement } from "../../db/statement.ts";
import { isId } from "../../lib/id.ts";
import { hashToken } from "../../lib/random-token.ts";
import type { AccessRow } from "../access-question.ts";
import type { Caller } from "../caller.ts";
import { requireNamed } from "../requested-environments.ts";
import { audiencesOf, type Grant } from "./access-tokens.ts";
import { oauthError } from "./oauth-error.ts";

export interface ClientCredentials {
  client_id: string;
  client_secret: string;
}

/** The first environment that exists, and the client if that environment has it. */
interface FoundClient {
  environment_id: string;
  handle: string;
  secret_hash: Buffer | null;
  scopes: string[] | null;
}

const findClient = statement<FoundClient, { handles: string[]; id: string | null }>(
  "find-client",
  { handles: "text[]", id: "text" },
  `
  select e.id as environment_id, e.handle, c.secret_hash, c.scopes
  from (
    select * from environments
    where handle = any (:handles)
    order by array_position(:handles, handle) limit 1
  ) e
  left join api_clients c on c.environment_id = e.id and c.id = :id`,
);

/** Compared with the secret if there is no such client, so that the response takes as long. */
const NO_HASH = Buffer.alloc(32);

/**
 * Authenticates a client by its secret, in the first of these environments that exists.
 * @throws 404 if the request names no environment; invalid_client (401), also for an unknown environment, so that handles
 *   can't be probed; 429 after too many wrong secrets from one address.
 */
export async function authenticateClient(
  { db, limiter }: Pick<Context, "db" | "limiter">,
  { client_id, client_secret }: ClientCredentials,
  { environments, ip }: { environments: string[]; ip: string },
) {
  requireNamed(environments);
  const [found] = await findClient(db, {
    handles: environments,
    id: isId("client", client_id) ? client_id : null,
  });
  const isRight = timingSafeEqual(hashToken(client_secret), found?.secret_hash ?? NO_HASH);
  if (isRight && found?.secret_hash && found.scopes) {
    const { environment_id, handle, scopes } = found;
    return { client_id, scopes, environment_id, handle };
  }
  limiter.count("wrong_secret", ip);
  throw oauthError("invalid_client", "The environment has no such client, or the secret is wrong.");
}

/**
 * Reads a client's id and secret, from HTTP Basic or the form (RFC 6749 §2.3.1).
 * @throws invalid_request when they come both ways, invalid_client when they are missing or malformed.
 */
export function readClientCredentials(
  authorization: string | undefined,
  form: Map<string, string>,
): ClientCredentials {
  const [client_id, client_secret] = [form.get("client_id"), form.get("client_secret")];
  if (authorization === undefined) {
    if (client_id !== undefined && client_secret !== undefined) return { client_id, client_secret };
    throw oauthError("invalid_client", "Send client_id and client_secret, with HTTP Basic or in the form.");
  }
  const basic = readBasic(authorization);
  if (basic === undefined)
    throw oauthError("invalid_client", "The Authorization header is not valid HTTP Basic.");
  if (client_secret !== undefined || (client_id ?? basic.client_id) !== basic.client_id) {
    throw oauthError("invalid_request", "Authenticate with HTTP Basic or in the form, not both.");
  }
  return basic;
}

/** Decodes HTTP Basic. OAuth additionally form-encodes both halves before they are joined. */
function readBasic(authorization: string): ClientCredentials | undefined {
  const encoded = /^Basic +([\w+/=-]{1,1024})$/i.exec(authorization)?.[1] ?? "";
  const [, id, secret] = /^([^:]+):(.+)$/.exec(Buffer.from(encoded, "base64").toString()) ?? [];
  if (id === undefined || secret === undefined) return undefined;
  try {
    const decode = (text: string) => decodeURIComponent(text.replaceAll("+", " "));
    return { client_id: decode(id), client_secret: decode(secret) };
  } catch {
    return undefined;
  }
}

/**
 * Returns the caller of a verified access token: nobody if the token was made for another environment or audience, or
 * its client was deleted. The caller has those granted scopes that the client still has.
 */
export function clientCaller(
  { client_id, environment, scopes, audience }: Grant,
  row: AccessRow,
  publicUrl: string,
): Caller {
  const isValid =
    row.client_id === client_id &&
    row.environment_id === environment &&
    audiencesOf(publicUrl, row.handle).includes(audience);
  if (!isValid) return { kind: "nobody" };
  return { kind: "client", client_id, scopes: scopes.filter((scope) => row.client_scopes?.includes(scope)) };
}
