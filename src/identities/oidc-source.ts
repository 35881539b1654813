import { decodeJwt, errors, jwtVerify } from "jose";
import { z } from "zod";
import { address, personName, picture, statementOrSilence, subject } from "./claims.ts";
import type { Identity } from "./identity.ts";
import type { IdentitySource } from "./identity-source.ts";
import { createIssuerKeys, type IssuerKeysOptions } from "./issuer-keys.ts";

/** Keys that come in pairs: a public key must never pass for a shared secret. */
const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];
/** What tokens of people call themselves: an issuer signs others too, such as the notice that somebody signed out. */
const TYPES = [undefined, "jwt", "at+jwt", "application/at+jwt"];
/** Seconds by which clocks may differ. */
const CLOCK_TOLERANCE = 10;

const Claims = z.object({
  sub: subject,
  exp: z.number(),
  email: address,
  email_verified: statementOrSilence,
  /** Microsoft Entra ID, if asked for: whether the owner of the address's domain was verified. It says no `email_verified`. */
  xms_edov: statementOrSilence,
  given_name: personName,
  family_name: personName,
  name: personName,
  picture,
});

export interface OidcSource extends IdentitySource {
  /** Whether a JWT says it comes from there. Whether it is true is what `identify` finds out. */
  claims(token: string): boolean;
}

export interface OidcOptions extends IssuerKeysOptions {
  issuer: string;
  audience: string;
  /** An address counts as verified where the issuer says nothing about it. Never where it says that it isn't. */
  trustEmail?: boolean;
}

/** People with a JWT of an OpenID Connect issuer, meant for this service. */
export function createOidcSource({
  issuer,
  audience,
  trustEmail = false,
  ...options
}: OidcOptions): OidcSource {
  const keys = createIssuerKeys(issuer, options);
  return {
    claims(token) {
      try {
        return decodeJwt(token).iss === issuer;
      } catch {
        return false;
      }
    },
    async identify({ token }) {
      try {
        const { payload, protectedHeader } = await jwtVerify(token, keys, {
          algorithms: ALGORITHMS,
          issuer,
          audience,
          requiredClaims: ["exp", "sub"],
          clockTolerance: CLOCK_TOLERANCE,
        });
        if (!TYPES.includes(protectedHeader.typ?.toLowerCase())) return undefined;
        return identityOf(Claims.parse(payload), issuer, trustEmail);
      } catch (error) {
        if (error instanceof errors.JOSEError || error instanceof z.ZodError) return undefined;
        throw error;
      }
    },
  };
}

function identityOf(claims: z.infer<typeof Claims>, issuer: string, trustEmail: boolean): Identity {
  const { given_name, family_name, name } = claims;
  const isInParts = Boolean(given_name || family_name);
  return {
    issuer,
    subject: claims.sub,
    address: claims.email ?? null,
    email_verified: claims.email_verified ?? claims.xms_edov ?? trustEmail,
    first_name: (isInParts ? given_name : name) ?? null,
    last_name: family_name ?? null,
    picture: claims.picture ?? null,
    // As long as it is taken: else its last seconds would let nobody in.
    expires_at: new Date((claims.exp + CLOCK_TOLERANCE) * 1_000),
  };
}
