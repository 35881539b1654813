import { randomUUID } from "node:crypto";
import { createLocalJWKSet, errors, jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import type { Settings } from "../config/variables.ts";
import { issuerOf } from "./audiences.ts";
import { ALGORITHM, deriveSigningKey, type PublicKey } from "./signing-key.ts";

/** Seconds an access token is good for, unless its client is deleted before. */
export const TOKEN_LIFETIME = 3_600;

/** RFC 9068: tells an access token from any other JWT these keys may ever sign. */
const TYPE = "at+jwt";

export interface Grant {
  client_id: string;
  /** The environment's id. */
  environment: string;
  scopes: string[];
  /** The resource it was asked for. */
  audience: string;
}

export interface AccessTokens {
  sign(grant: Grant): Promise<string>;
  /**
   * @returns undefined for anything this service did not sign, or that has expired. Says nothing about whether the
   *   client still exists, nor whether the audience is the one meant here.
   */
  verify(token: string): Promise<Grant | undefined>;
  /** The public keys, for whoever wants to verify a token (RFC 7517). */
  jwks: { keys: PublicKey[] };
}

const Claims = z.object({
  client_id: z.string(),
  environment: z.string(),
  scope: z.string(),
  aud: z.string(),
});

/**
 * Prepares the keys: SECRET_KEY's signs, those of SECRET_KEYS_PREVIOUS verify too, so a key can be rotated without
 * ending the tokens already given out.
 */
export function createAccessTokens(
  settings: Pick<Settings, "PUBLIC_URL" | "SECRET_KEY" | "SECRET_KEYS_PREVIOUS">,
): AccessTokens {
  const current = deriveSigningKey(settings.SECRET_KEY);
  const previous = settings.SECRET_KEYS_PREVIOUS.map(deriveSigningKey);
  const jwks = { keys: [current, ...previous].map(({ publicKey }) => publicKey) };
  const keyOf = createLocalJWKSet(jwks);

  return {
    jwks,
    sign({ client_id, environment, scopes, audience }) {
      const now = Math.floor(Date.now() / 1_000);
      return new SignJWT({ client_id, environment, scope: scopes.join(" ") })
        .setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid: current.publicKey.kid })
        .setIssuer(issuerOf(settings.PUBLIC_URL))
        .setAudience(audience)
        .setSubject(client_id)
        .setIssuedAt(now)
        .setExpirationTime(now + TOKEN_LIFETIME)
        .setJti(randomUUID())
        .sign(current.privateKey);
    },
    async verify(token) {
      try {
        const { payload } = await jwtVerify(token, keyOf, {
          algorithms: [ALGORITHM],
          typ: TYPE,
          issuer: issuerOf(settings.PUBLIC_URL),
          requiredClaims: ["exp", "iat", "sub", "jti"],
        });
        const { client_id, environment, scope, aud } = Claims.parse(payload);
        return {
          client_id,
          environment,
          scopes: scope.split(" ").filter((name) => name !== ""),
          audience: aud,
        };
      } catch (error) {
        if (error instanceof errors.JOSEError || error instanceof z.ZodError) return undefined;
        throw error;
      }
    },
  };
}
