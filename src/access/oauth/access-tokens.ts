import { createHash, createPrivateKey, createPublicKey, hkdfSync, randomUUID } from "node:crypto";
import { isIP } from "node:net";
import { createLocalJWKSet, errors, jwtVerify, SignJWT } from "jose";
import { z } from "zod";
import type { Settings } from "../../config/variables.ts";

/** Seconds until an access token expires. It ends earlier if its client is deleted. */
export const TOKEN_LIFETIME = 3_600;

/** Distinguishes an access token from any other JWT signed with these keys (RFC 9068). */
const TYPE = "at+jwt";
const ALGORITHM = "EdDSA";

export interface Grant {
  client_id: string;
  /** The environment's id. */
  environment: string;
  scopes: string[];
  /** The resource the token was requested for. */
  audience: string;
}

export type AccessTokens = ReturnType<typeof createAccessTokens>;

const Claims = z.object({
  client_id: z.string(),
  environment: z.string(),
  scope: z.string(),
  aud: z.string(),
});

/**
 * Prepares the keys. The key of SECRET_KEY signs. Those of SECRET_KEYS_PREVIOUS still verify, so that tokens stay
 * valid when the secret is rotated.
 */
export function createAccessTokens(
  settings: Pick<Settings, "PUBLIC_URL" | "SECRET_KEY" | "SECRET_KEYS_PREVIOUS">,
) {
  const current = deriveSigningKey(settings.SECRET_KEY);
  const previous = settings.SECRET_KEYS_PREVIOUS.map(deriveSigningKey);
  const jwks = { keys: [current, ...previous].map(({ publicKey }) => publicKey) };
  const keyOf = createLocalJWKSet(jwks);

  return {
    /** The public keys, for anyone who wants to verify a token (RFC 7517). */
    jwks,
    sign({ client_id, environment, scopes, audience }: Grant): Promise<string> {
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
    /**
     * Verifies signature, issuer and expiry. The caller must check that the client still exists and the audience fits.
     * @returns undefined for anything that this service didn't sign, or that has expired.
     */
    async verify(token: string): Promise<Grant | undefined> {
      try {
        const { payload } = await jwtVerify(token, keyOf, {
          algorithms: [ALGORITHM],
          typ: TYPE,
          issuer: issuerOf(settings.PUBLIC_URL),
          requiredClaims: ["exp", "iat", "sub", "jti"],
        });
        const { client_id, environment, scope, aud } = Claims.parse(payload);
        return { client_id, environment, scopes: scope.split(" ").filter(Boolean), audience: aud };
      } catch (error) {
        if (error instanceof errors.JOSEError || error instanceof z.ZodError) return undefined;
        throw error;
      }
    },
  };
}

/** Returns the issuer of all access tokens, in every environment: the service under its public name. */
export function issuerOf(publicUrl: string): string {
  return new URL(publicUrl).origin;
}

/**
 * Returns the audiences that a token for an environment may have: the Management API under the service's name, and
 * under the environment's subdomain, which an IP address can't have.
 */
export function audiencesOf(publicUrl: string, handle: string): string[] {
  const { origin, protocol, host, hostname } = new URL(publicUrl);
  const isAddress = isIP(hostname.replace(/^\[|\]$/g, "")) !== 0;
  return [`${origin}/api`, ...(isAddress ? [] : [`${protocol}//${handle}.${host}/api`])];
}

/** The bytes before the 32-byte seed in a PKCS #8 Ed25519 key (RFC 8410 §7). */
const PKCS8_HEAD = Buffer.from("302e020100300506032b657004220420", "hex");

/**
 * Derives an Ed25519 key from a SECRET_KEY, so that it needn't be stored. The purpose label keeps it independent of
 * everything else that is derived from the same secret.
 */
export function deriveSigningKey(secret: string) {
  const seed = Buffer.from(hkdfSync("sha256", secret, "", "guildhall:access-token:ed25519", 32));
  const der = Buffer.concat([PKCS8_HEAD, seed]);
  const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const { x = "" } = createPublicKey(privateKey).export({ format: "jwk" });
  const [kty, crv] = ["OKP", "Ed25519"] as const;
  // The thumbprint (RFC 7638) identifies the key. Every process computes the same, so there is nothing to store.
  const kid = createHash("sha256").update(JSON.stringify({ crv, kty, x })).digest("base64url");
  return { privateKey, publicKey: { kty, crv, x, alg: ALGORITHM, use: "sig", kid } };
}
