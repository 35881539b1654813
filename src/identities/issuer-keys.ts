import { createRemoteJWKSet, errors, type JWTVerifyGetKey } from "jose";
import { z } from "zod";
import { Refusal } from "../errors.ts";
import { causeOf, fetchBounded } from "../lib/fetch-bounded.ts";

/** Bytes of a discovery document at most. */
const DOCUMENT_LIMIT = 64 * 1024;

/** What the token is to blame for, and not its issuer. */
const TOKENS_FAULT = [
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
  errors.JOSENotSupported,
] as const;

export interface IssuerKeysOptions {
  /** Milliseconds the issuer has for each of its two documents. */
  timeout: number;
  /** Milliseconds before another unknown key is reason enough to ask for the keys again. */
  cooldown: number;
}

/**
 * The keys an issuer signs with, found where its discovery document says, and asked for when first needed. A key that
 * is new is found, for an unknown one makes us ask again.
 * @returns a function for `jwtVerify`, which throws 503 when the keys can't be had.
 */
export function createIssuerKeys(issuer: string, { timeout, cooldown }: IssuerKeysOptions): JWTVerifyGetKey {
  let discovered: Promise<ReturnType<typeof createRemoteJWKSet>> | undefined;

  async function discover() {
    const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
    const { status, text } = await fetchBounded(url, {}, { timeout, limit: DOCUMENT_LIMIT });
    if (status !== 200) throw new Error(`the discovery document of OIDC_ISSUER answered ${status}`);
    const keysUrl = readKeysUrl(text, issuer);
    return createRemoteJWKSet(keysUrl, { timeoutDuration: timeout, cooldownDuration: cooldown });
  }

  return async (header, token) => {
    discovered ??= discover();
    const finding = discovered;
    try {
      const keys = await finding;
      return await keys(header, token);
    } catch (error) {
      if (TOKENS_FAULT.some((fault) => error instanceof fault)) throw error;
      // From the beginning next time: the keys may have moved.
      if (discovered === finding && !(await isFresh(finding))) discovered = undefined;
      throw unavailable(causeOf(error));
    }
  };
}

/** @throws Error unless the document is that issuer's own and its keys are fetched no less safely than itself. */
function readKeysUrl(text: string, issuer: string): URL {
  const Document = z.object({ issuer: z.literal(issuer), jwks_uri: z.url({ protocol: /^https?$/ }) });
  let url: URL;
  try {
    url = new URL(Document.parse(JSON.parse(text)).jwks_uri);
  } catch {
    throw new Error("the discovery document names no jwks_uri, or another issuer than OIDC_ISSUER");
  }
  if (issuer.startsWith("https:") && url.protocol !== "https:")
    throw new Error("the discovery document of OIDC_ISSUER names a jwks_uri that is not https");
  return url;
}

async function isFresh(finding: Promise<{ fresh: boolean }>): Promise<boolean> {
  return finding.then(
    ({ fresh }) => fresh,
    () => false,
  );
}

function unavailable(cause: unknown): Refusal {
  const detail =
    "The service that signed your token can't be reached just now. You are not signed out: try again shortly.";
  return new Refusal(503, [{ code: "oidc_unavailable", detail }], { "Retry-After": "2" }, { cause });
}
