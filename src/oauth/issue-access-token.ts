import type { Context } from "../context.ts";
import { TOKEN_LIFETIME } from "./access-tokens.ts";
import { audiencesOf } from "./audiences.ts";
import { authenticateClient } from "./authenticate-client.ts";
import { touchClient } from "./find-client.ts";
import { oauthError } from "./oauth-error.ts";
import type { TokenRequest } from "./read-token-request.ts";

/** The answer of RFC 6749 §5.1. */
export interface TokenAnswer {
  access_token: string;
  token_type: "Bearer";
  /** Seconds. */
  expires_in: number;
  scope: string;
}

/**
 * Gives a client that knows its secret an access token for one of its environment's bases. Nothing is stored.
 * @throws what `authenticateClient` does, invalid_target, invalid_scope.
 */
export async function issueAccessToken(
  context: Context,
  { credentials, resource, scope }: TokenRequest,
  from: { environments: string[]; ip: string },
): Promise<TokenAnswer> {
  const client = await authenticateClient(context, credentials, from);
  const { client_id, environment_id, handle } = client;
  const audiences = audiencesOf(context.settings.PUBLIC_URL, handle);
  if (!audiences.includes(resource)) {
    throw oauthError("invalid_target", `The resource must be ${audiences.join(" or ")}.`);
  }
  const scopes = grantedScopes(scope, client.scopes);
  await touchClient(context.db, { id: client_id });
  const grant = { client_id, environment: environment_id, scopes, audience: resource };
  return {
    access_token: await context.accessTokens.sign(grant),
    token_type: "Bearer",
    expires_in: TOKEN_LIFETIME,
    scope: scopes.join(" "),
  };
}

function grantedScopes(wanted: string | undefined, allowed: string[]): string[] {
  if (wanted === undefined) return allowed;
  const scopes = [...new Set(wanted.split(" ").filter((name) => name !== ""))];
  if (scopes.length > 0 && scopes.every((name) => allowed.includes(name))) return scopes;
  throw oauthError("invalid_scope", `This client may have: ${allowed.join(" ")}`);
}
