import { TOKEN_LIFETIME } from "./access-tokens.ts";
import { SCOPES } from "./scopes.ts";

const JSON_TYPE = "application/json";
const text = (description: string) => ({ type: "string", description });

const tokenRequest = {
  type: "object",
  properties: {
    grant_type: { type: "string", const: "client_credentials" },
    resource: text("The API the token is for: `{base}/api`, where `{base}` is the service's address."),
    scope: text("Scopes, separated by spaces. Defaults to all scopes of the client."),
    client_id: text("Required unless sent with HTTP Basic."),
    client_secret: text("Required unless sent with HTTP Basic."),
  },
  required: ["grant_type", "resource"],
};

const tokenAnswer = {
  type: "object",
  properties: {
    access_token: text("A JWT: send it as a bearer token."),
    token_type: { type: "string", const: "Bearer" },
    expires_in: { type: "integer", description: "Seconds." },
    scope: text("The granted scopes."),
  },
  required: ["access_token", "token_type", "expires_in", "scope"],
};

const oauthError = {
  type: "object",
  properties: { error: text("The code of RFC 6749 or 8707."), error_description: text("What to do.") },
  required: ["error", "error_description"],
};

const refused = (description: string) => ({
  description,
  content: { [JSON_TYPE]: { schema: oauthError } },
});

const openToAll = (operationId: string, summary: string, description: string) => ({
  get: {
    operationId,
    tags: ["oauth"],
    summary,
    description: "Anyone.",
    responses: { "200": { description, content: { [JSON_TYPE]: { schema: { type: "object" } } } } },
    security: [{}],
  },
});

/** The OpenAPI paths of `oauthRouter`, written by hand because they follow OAuth and not JSON:API. */
export const oauthPaths = {
  "/oauth/token": {
    post: {
      operationId: "issueAccessToken",
      tags: ["oauth"],
      summary: "Exchange an API client's id and secret for an access token.",
      description: "Anyone who knows a client's secret. Send it with HTTP Basic or in the form.",
      requestBody: {
        required: true,
        content: { "application/x-www-form-urlencoded": { schema: tokenRequest } },
      },
      responses: {
        "200": {
          description: `An access token for ${TOKEN_LIFETIME} seconds.`,
          content: {
            [JSON_TYPE]: {
              schema: tokenAnswer,
              example: {
                access_token: "eyJhbGciOiJFZERTQSJ9.eyJzY29wZSI6IuKApiJ9.c2lnbmF0dXJl",
                token_type: "Bearer",
                expires_in: TOKEN_LIFETIME,
                scope: `${SCOPES[0]} ${SCOPES[3]}`,
              },
            },
          },
        },
        "400": refused("`invalid_request`, `unsupported_grant_type`, `invalid_scope` or `invalid_target`."),
        "401": refused("`invalid_client`: the environment has no such client, or the secret is wrong."),
        "404": refused("No such environment."),
        "429": refused("Too many wrong secrets: wait as many seconds as `Retry-After` says."),
      },
      security: [{}],
    },
  },
  "/.well-known/jwks.json": openToAll(
    "readJwks",
    "Read the public keys that verify access tokens.",
    "A JSON Web Key Set (RFC 7517).",
  ),
  "/.well-known/oauth-authorization-server": openToAll(
    "readAuthorizationServer",
    "Read where to get tokens, and which scopes there are.",
    "Metadata of the authorization server (RFC 8414).",
  ),
};
