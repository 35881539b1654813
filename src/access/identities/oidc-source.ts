import { createRemoteJWKSet, customFetch, decodeJwt, errors, type JWTVerifyGetKey, jwtVerify } from "jose";
import { z } from "zod";
import { Refusal } from "../../errors.ts";
import { causeOf, fetchBounded } from "../../lib/fetch-bounded.ts";
import { address, optionalFlag, personName, picture, subject } from "./claims.ts";
import type { Identity, IdentitySource } from "./identity.ts";

/** Asymmetric algorithms only: a public key must never pass for a shared secret. */
const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];
/** The types of tokens that identify a person. An issuer signs others too, such as logout tokens. */
const TYPES = [undefined, "jwt", "at+jwt", "application/at+jwt"];
/** Seconds by which clocks may differ. */
const CLOCK_TOLERANCE = 10;
/** The most bytes of each of the issuer's documents. */
const DOCUMENT_LIMIT = 64 * 1024;

/** Errors that are the token's fault. Any other means that the issuer's keys are not available. */
const BAD_TOKEN = [errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, errors.JOSENotSupported];

const Claims = z.object({
  sub: subject,
  exp: z.number(),
  email: address,
  email_verified: optionalFlag,
  /** Microsoft Entra ID's optional claim that the owner of the address's domain is verified. Entra sends no `email_verified`. */
  xms_edov: optionalFlag,
  given_name: personName,
  family_name: personName,
  name: personName,
  picture,
});

export interface OidcSource extends IdentitySource {
  /** Returns whether a JWT names this issuer. Verifies nothing. */
  claims(token: string): boolean;
}

interface OidcOptions {
  issuer: string;
  audience: string;
  /** Whether an address counts as verified if the issuer doesn't say. An explicit no always counts. */
  trustEmail: boolean;
  /** Milliseconds the issuer has for each of its two documents. */
  timeout: number;
  /** Milliseconds after fetching the keys before an unknown key makes us fetch them again. */
  cooldown: number;
}

/** Identifies people by a JWT that an OpenID Connect issuer made for this service. */
export function createOidcSource(options: OidcOptions): OidcSource {
  const { issuer, audience, trustEmail } = options;
  const keys = createIssuerKeys(options);
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

/**
 * Finds an issuer's keys through its discovery document when they are first needed. Fetches them again for an unknown
 * key. After a failure it starts from the discovery document again, because the keys may have moved.
 * @returns a function for `jwtVerify` that throws 503 if the keys are not available.
 */
function createIssuerKeys({ issuer, timeout, cooldown }: OidcOptions): JWTVerifyGetKey {
  const discovery = new URL(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
  const read = async (url: URL) => {
    const { status, text } = await fetchBounded(url.href, {}, { timeout, limit: DOCUMENT_LIMIT });
    if (status === 200) return text;
    throw new Error(`${url.pathname} of OIDC_ISSUER answered ${status}`);
  };
  let keysUrl: URL | undefined;
  const keys = createRemoteJWKSet(discovery, {
    cooldownDuration: cooldown,
    // Reads both documents in one fetch: jose runs one at a time and keeps its result.
    async [customFetch]() {
      const url = keysUrl ?? readKeysUrl(await read(discovery), issuer);
      keysUrl = undefined;
      const response = new Response(await read(url));
      keysUrl = url;
      return response;
    },
  });
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (error) {
      throw BAD_TOKEN.some((kind) => error instanceof kind) ? error : unavailable(causeOf(error));
    }
  };
}

/** @throws Error unless the document is the issuer's own, and its keys' URL is as secure as the issuer's. */
function readKeysUrl(text: string, issuer: string): URL {
  const protocol = issuer.startsWith("https:") ? /^https$/ : /^https?$/;
  const Document = z.object({ issuer: z.literal(issuer), jwks_uri: z.url({ protocol }) });
  const { data } = Document.safeParse(JSON.parse(text));
  if (data !== undefined) return new URL(data.jwks_uri);
  throw new Error(
    "the discovery document must name OIDC_ISSUER, and a jwks_uri (https if OIDC_ISSUER is https)",
  );
}

function identityOf(claims: z.infer<typeof Claims>, issuer: string, trustEmail: boolean): Identity {
  const { given_name, family_name, name } = claims;
  return {
    issuer,
    subject: claims.sub,
    address: claims.email ?? null,
    email_verified: claims.email_verified ?? claims.xms_edov ?? trustEmail,
    first_name: (given_name || family_name ? given_name : name) ?? null,
    last_name: family_name ?? null,
    picture: claims.picture ?? null,
    // As long as the token is accepted. Otherwise it couldn't sign anyone in during its last seconds.
    expires_at: new Date((claims.exp + CLOCK_TOLERANCE) * 1_000),
  };
}

function unavailable(cause: unknown): Refusal {
  const detail =
    "The service that signed your token is not available right now. You are still signed in: try again shortly.";
  return new Refusal(503, [{ code: "oidc_unavailable", detail }], { "Retry-After": "2" }, { cause });
}
