import { Router } from "@koa/router";
import type { Context } from "../context.ts";
import { requestedEnvironments } from "../http/environment-candidates.ts";
import type { RequestState } from "../http/request-scope.ts";
import { issuerOf } from "./audiences.ts";
import { issueAccessToken } from "./issue-access-token.ts";
import { readTokenRequest } from "./read-token-request.ts";
import { SCOPES } from "./scopes.ts";

/** How a program of the team's own gets an access token, and how it finds out about that (RFC 6749, 8414, 8707). */
export function oauthRouter(context: Context): Router<RequestState> {
  const { settings, accessTokens } = context;
  const router = new Router<RequestState>();

  router.post("/oauth/token", async (ctx) => {
    const request = await readTokenRequest(ctx.req);
    const environments = requestedEnvironments(settings, ctx.headers);
    const answer = await issueAccessToken(context, request, { environments, ip: ctx.ip });
    ctx.set("Cache-Control", "no-store");
    ctx.body = answer;
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
      // Required by RFC 8414; no response comes from an authorization endpoint, for there is none.
      response_types_supported: [],
    };
  });
  return router;
}
