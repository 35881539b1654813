import type { IncomingHttpHeaders } from "node:http";
import type { IdentitySource } from "../access/identities/identity.ts";
import type { Grant } from "../access/oauth/access-tokens.ts";
import type { Context } from "../context.ts";
import { hashToken, sameSecret } from "../lib/random-token.ts";
import { bearerToken } from "./bearer-token.ts";

/** What a request carries to say who asks. */
export interface Credentials {
  isOperator: boolean;
  /** SHA-256 of a session token, if one came. */
  sessionHash: Buffer | null;
  /** The same token, for the service that may know it where we don't; null where there is none. */
  foreign: { token: string; tokenHash: Buffer; source: IdentitySource } | null;
  /** What a valid access token says, if one came: whether its client still exists is another question. */
  grant: Grant | null;
  /** Something came, right or wrong. */
  given: boolean;
}

const NOTHING = { isOperator: false, sessionHash: null, foreign: null, grant: null } as const;

/** Three parts with dots between: a session's token has none. An unsigned one is recognised, too, to be refused as such. */
const JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/**
 * `Authorization: Bearer` takes the operator's token, an access token or a session token; `X-Session-ID` a session
 * token. Bearer goes first. A JWT of the issuer that people sign in with counts as a session token.
 */
export async function readCredentials(
  headers: IncomingHttpHeaders,
  { settings, accessTokens, identities }: Pick<Context, "settings" | "accessTokens" | "identities">,
): Promise<Credentials> {
  const bearer = bearerToken(headers);
  const header = headers["x-session-id"];
  const given = headers.authorization !== undefined || header !== undefined;
  if (bearer !== undefined && sameSecret(bearer, settings.ADMIN_TOKEN)) {
    return { ...NOTHING, isOperator: true, given };
  }
  if (bearer !== undefined && JWT.test(bearer)) {
    if (identities.oidc?.claims(bearer)) return { ...sessionToken(bearer, identities.oidc), given };
    return { ...NOTHING, grant: (await accessTokens.verify(bearer)) ?? null, given };
  }
  const token = bearer ?? (typeof header === "string" ? header : undefined);
  if (token === undefined) return { ...NOTHING, given };
  // The operator's token in the wrong place is no session's, and nobody else's to see.
  const isForeign = identities.sessions !== undefined && !sameSecret(token, settings.ADMIN_TOKEN);
  return { ...sessionToken(token, isForeign ? identities.sessions : undefined), given };
}

function sessionToken(token: string, source: IdentitySource | undefined) {
  const tokenHash = hashToken(token);
  return {
    ...NOTHING,
    sessionHash: tokenHash,
    foreign: source === undefined ? null : { token, tokenHash, source },
  };
}
