import { createHash } from "node:crypto";
import type { EmailAddress } from "../../lib/email-address.ts";

/** A person as described by another service of the team. A field the service does not give is null. */
export interface Identity {
  /** The service. A subject is unique only within its issuer. */
  issuer: string;
  /** The person's id at the issuer; never changes. */
  subject: string;
  address: EmailAddress | null;
  /** True only if the service says so explicitly, or OIDC_TRUST_EMAIL speaks for it. */
  email_verified: boolean;
  first_name: string | null;
  last_name: string | null;
  picture: string | null;
  /** When the session or token ends at the issuer. */
  expires_at: Date;
}

/** What a caller presents. The token goes to the service that issued it, and nowhere else. */
export interface Presented {
  token: string;
  ip: string;
  user_agent: string | undefined;
  device_id: string | undefined;
}

/** A service of the team that knows its users. */
export interface IdentitySource {
  /**
   * @param mayAsk called before another service is asked; throws to prevent it.
   * @returns undefined when the service does not know the caller.
   * @throws 503 when the service can't answer. The caller is neither let in nor signed out.
   */
  identify(presented: Presented, mayAsk: () => void): Promise<Identity | undefined>;
}

/** Returns a key that is equal for equal input and does not reveal the token. */
export function fingerprint({ token, ip, user_agent, device_id }: Presented): string {
  return createHash("sha256")
    .update(JSON.stringify([token, ip, user_agent, device_id]))
    .digest("base64");
}
