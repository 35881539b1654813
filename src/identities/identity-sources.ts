import type { Settings } from "../config/variables.ts";
import { singleFlight } from "../lib/single-flight.ts";
import type { IdentitySource } from "./identity-source.ts";
import { createOidcSource, type OidcSource } from "./oidc-source.ts";
import { createSessionValidation } from "./session-validation.ts";

/** Who may know a caller that Guildhall doesn't. Undefined: there is no such service. */
export interface IdentitySources {
  /** Knows session tokens. */
  sessions: IdentitySource | undefined;
  /** Signs JWTs. */
  oidc: OidcSource | undefined;
  /** Lets requests that show the same at the same time share one question and one entry. */
  once: (key: string, work: () => Promise<boolean>) => Promise<boolean>;
}

type Told = Partial<
  Pick<
    Settings,
    | "SESSION_VALIDATION_URL"
    | "BRIDGE_VALIDATION_SECRET"
    | "OIDC_ISSUER"
    | "OIDC_AUDIENCE"
    | "OIDC_TRUST_EMAIL"
  >
>;

/**
 * Prepares the sources the variables name. Nothing is asked before somebody needs it.
 * @param options milliseconds; shortened by tests.
 */
export function createIdentitySources(
  settings: Told,
  { timeout = 2_500, cooldown = 5_000 }: { timeout?: number; cooldown?: number } = {},
): IdentitySources {
  const { SESSION_VALIDATION_URL: url, BRIDGE_VALIDATION_SECRET: secret } = settings;
  const { OIDC_ISSUER: issuer, OIDC_AUDIENCE: audience, OIDC_TRUST_EMAIL: trustEmail = false } = settings;
  return {
    sessions:
      url === undefined || secret === undefined
        ? undefined
        : createSessionValidation({ url, secret, timeout }),
    oidc:
      issuer === undefined || audience === undefined
        ? undefined
        : createOidcSource({ issuer, audience, trustEmail, timeout, cooldown }),
    once: singleFlight<boolean>(),
  };
}
