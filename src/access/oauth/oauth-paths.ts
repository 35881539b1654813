import { TOKEN_LIFETIME } from "./access-tokens.ts";
import { SCOPES } from "./scopes.ts";

const JSON_TYPE = "application/json";
const text = (description: string) => ({ type: "string", description });

const tokenRequest = {
  type: "object",
  properties: {
    grant_type: { type: "string", const: "client_credentials" },
    resource: text("What the token is for: `{base}/api`, the base being the service's address."),
    scope: text("Scopes with spaces between; all the client has when left out."),
    client_id: text("Unless sent by HTTP Basic."),
    client_secret: text("Unless sent by HTTP Basic."),
  },
  required: ["grant_type", "resource"],
};

const tokenAnswer = {
  type: "object",
  properties: {
    access_token: text("A JWT: send it as a bearer token."),
    token_type: { type: "string", const: "Bearer" },
    expires_in: { type: "integer", description: "Seconds." },
    scope: text("What was granted."),
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
    description: "Anybody.",
    responses: { "200": { description, content: { [JSON_TYPE]: { schema: { type: "object" } } } } },
    security: [{}],
  },
});

/** The paths of `oauthRouter` as OpenAPI tells them, by hand: they speak OAuth's language, not JSON:API's. */
export const oauthPaths = {
  "/oauth/token": {
    post: {
      operationId: "issueAccessToken",
      tags: ["oauth"],
      summary: "Trade an API client's id and secret for an access token.",
      description: "Whoever knows a client's secret, by HTTP Basic or in the form.",
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
        "401": refused("`invalid_client`: no such client in the environment, or another secret."),
        "404": refused("No such environment."),
        "429": refused("Too many wrong secrets: wait as many seconds as `Retry-After` says."),
      },
      security: [{}],
    },
  },
  "/.well-known/jwks.json": openToAll(
    "readJwks",
    "Read the public keys access tokens are signed with.",
    "A JSON Web Key Set (RFC 7517).",
  ),
  "/.well-known/oauth-authorization-server": openToAll(
    "readAuthorizationServer",
    "Read where tokens come from and which scopes there are.",
    "Metadata of the authorization server (RFC 8414).",
  ),
};
