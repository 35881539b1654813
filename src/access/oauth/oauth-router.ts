import type { IncomingMessage } from "node:http";
import { Router } from "@koa/router";
import type { Context } from "../../context.ts";
import { statement } from "../../db/statement.ts";
import { parseMediaType } from "../../http/negotiate.ts";
import { readText, SMALL_BODY } from "../../http/read-body.ts";
import type { RequestState } from "../../http/request-scope.ts";
import { requestedEnvironments } from "../requested-environments.ts";
import { audiencesOf, issuerOf, TOKEN_LIFETIME } from "./access-tokens.ts";
import { authenticateClient, type ClientCredentials, readClientCredentials } from "./authenticate-client.ts";
import { oauthError } from "./oauth-error.ts";
import { SCOPES } from "./scopes.ts";

/** Issues access tokens to the team's programs, and serves the documents that describe how (RFC 6749, 8414, 8707). */
export function oauthRouter(context: Context): Router<RequestState> {
  const { settings, accessTokens } = context;
  const router = new Router<RequestState>();

  router.post("/oauth/token", async (ctx) => {
    const request = await readTokenRequest(ctx.req);
    const environments = requestedEnvironments(settings, ctx.headers);
    const response = await issueAccessToken(context, request, { environments, ip: ctx.ip });
    ctx.set("Cache-Control", "no-store");
    ctx.body = response;
  });

  router.get("/.well-known/jwks.json", (ctx) => {
    ctx.set("Cache-Control", "public, max-age=60");
    ctx.body = accessTokens.jwks;
  });

  router.get("/.well-known/oauth-authorization-server", (ctx) => {
    const issuer = issuerOf(settings.PUBLIC_URL);
    ctx.body = {
      issuer,
      token_endpoint: `${issuer}/oauth/token`,
      jwks_uri: `${issuer}/.well-known/jwks.json`,
      grant_types_supported: ["client_credentials"],
      token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
      scopes_supported: SCOPES,
      // Required by RFC 8414, and empty because there is no authorization endpoint.
      response_types_supported: [],
    };
  });
  return router;
}

interface TokenRequest {
  credentials: ClientCredentials;
  resource: string;
  /** Undefined for all scopes of the client. */
  scope: string | undefined;
}

/**
 * Reads the form of a token request. Ignores unknown parameters, as RFC 6749 §3.2 requires.
 * @throws invalid_request, invalid_client, unsupported_grant_type, invalid_target; 413.
 */
async function readTokenRequest(request: IncomingMessage): Promise<TokenRequest> {
  const form = await readForm(request);
  const grant = form.get("grant_type");
  if (grant === undefined) throw oauthError("invalid_request", "grant_type is missing.");
  if (grant !== "client_credentials") {
    throw oauthError("unsupported_grant_type", "The only grant_type is client_credentials.");
  }
  const credentials = readClientCredentials(request.headers.authorization, form);
  const resource = form.get("resource");
  if (resource === undefined) throw oauthError("invalid_target", "resource is missing: send {base}/api.");
  return { credentials, resource, scope: form.get("scope") };
}

async function readForm(request: IncomingMessage): Promise<Map<string, string>> {
  const { type } = parseMediaType(request.headers["content-type"] ?? "");
  if (type !== "application/x-www-form-urlencoded") {
    throw oauthError("invalid_request", "Send a form: application/x-www-form-urlencoded.");
  }
  const form = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(await readText(request, SMALL_BODY))) {
    // A parameter without a value counts as omitted, and one sent twice is an error (RFC 6749 §3.2).
    if (value === "") continue;
    if (form.has(name)) throw oauthError("invalid_request", "A parameter was sent twice.");
    form.set(name, value);
  }
  return form;
}

/** Records when a client was last active, at most once a minute. */
const touchClient = statement<never, { id: string }>(
  "touch-client",
  { id: "text" },
  `
  update api_clients set last_used_at = now()
  where id = :id and (last_used_at is null or last_used_at < now() - interval '1 minute')`,
);

/**
 * Issues an access token for one of the environment's audiences. Stores nothing.
 * @returns the response of RFC 6749 §5.1.
 * @throws what `authenticateClient` throws, invalid_target, invalid_scope.
 */
async function issueAccessToken(
  context: Context,
  { credentials, resource, scope }: TokenRequest,
  from: { environments: string[]; ip: string },
) {
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
  const scopes = [...new Set(wanted.split(" ").filter(Boolean))];
  if (scopes.length > 0 && scopes.every((name) => allowed.includes(name))) return scopes;
  throw oauthError("invalid_scope", `This client may have: ${allowed.join(" ")}`);
}
