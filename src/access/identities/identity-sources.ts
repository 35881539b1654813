import type { Settings } from "../../config/variables.ts";
import type { IdentitySource } from "./identity.ts";
import { createOidcSource, type OidcSource } from "./oidc-source.ts";
import { createSessionValidation } from "./session-validation.ts";

/** The services that may know a caller whom Guildhall doesn't know. Each is undefined unless it is configured. */
export interface IdentitySources {
  /** The service that knows session tokens. */
  sessions: IdentitySource | undefined;
  /** The issuer that signs JWTs. */
  oidc: OidcSource | undefined;
  /** Lets simultaneous requests with the same credentials share one question and one sign-in. */
  once: (key: string, work: () => Promise<boolean>) => Promise<boolean>;
}

type SourceSettings = Pick<
  Settings,
  "SESSION_VALIDATION_URL" | "BRIDGE_VALIDATION_SECRET" | "OIDC_ISSUER" | "OIDC_AUDIENCE" | "OIDC_TRUST_EMAIL"
>;

/**
 * Prepares the configured services. Sends nothing to them yet.
 * @param options milliseconds; tests shorten them.
 */
export function createIdentitySources(
  settings: Partial<SourceSettings>,
  { timeout = 2_500, cooldown = 5_000 }: { timeout?: number; cooldown?: number } = {},
): IdentitySources {
  const { SESSION_VALIDATION_URL: url, BRIDGE_VALIDATION_SECRET: secret } = settings;
  const { OIDC_ISSUER: issuer, OIDC_AUDIENCE: audience, OIDC_TRUST_EMAIL: trustEmail = false } = settings;
  return {
    sessions: url && secret ? createSessionValidation({ url, secret, timeout }) : undefined,
    oidc:
      issuer && audience ? createOidcSource({ issuer, audience, trustEmail, timeout, cooldown }) : undefined,
    once: singleFlight<boolean>(),
  };
}

/**
 * Lets simultaneous callers with the same key share one run of the work.
 * @returns a function that runs `work` unless it is already running for that key, and settles as that run does.
 */
export function singleFlight<Result>(): (key: string, work: () => Promise<Result>) => Promise<Result> {
  const underWay = new Map<string, Promise<Result>>();
  return (key, work) => {
    const known = underWay.get(key);
    if (known !== undefined) return known;
    const flight = work().finally(() => underWay.delete(key));
    underWay.set(key, flight);
    return flight;
  };
}
