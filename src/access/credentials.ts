import type { IncomingHttpHeaders } from "node:http";
import type { Context } from "../context.ts";
import { hashToken, sameSecret } from "../lib/random-token.ts";
import type { IdentitySource } from "./identities/identity.ts";
import type { Grant } from "./oauth/access-tokens.ts";

/** The credentials a request carries. */
export interface Credentials {
  isOperator: boolean;
  /** SHA-256 of a session token, if one was sent. */
  sessionHash: Buffer | null;
  /** The same token, for another service that may know it if we don't. Null if there is no such service. */
  foreign: { token: string; tokenHash: Buffer; source: IdentitySource } | null;
  /** The content of a valid access token, if one was sent. Its client may have been deleted. */
  grant: Grant | null;
  /** Whether any credential was sent, right or wrong. */
  given: boolean;
}

const NOTHING = { isOperator: false, sessionHash: null, foreign: null, grant: null } as const;

/** Three parts with dots between them, which a session token never has. Unsigned JWTs match too, so that they are refused as JWTs. */
const JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/**
 * Reads the operator's token, an access token or a session token from `Authorization: Bearer`, or else a session
 * token from `X-Session-ID`. A JWT of the issuer that people sign in with counts as a session token.
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
  // The operator's token in the wrong header is not a session token, and no other service may see it.
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

/** Returns the token in `Authorization: Bearer`, or undefined if it holds nothing that could be one. */
export function bearerToken({ authorization }: IncomingHttpHeaders): string | undefined {
  return /^Bearer +([\w~+/.=-]{1,4096})$/i.exec(authorization ?? "")?.[1];
}
