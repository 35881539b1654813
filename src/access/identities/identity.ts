import { createHash } from "node:crypto";
import type { EmailAddress } from "../../lib/email-address.ts";

/** A person as described by another service of the team. Fields that the service leaves out are null. */
export interface Identity {
  /** The service. A subject is unique only within its issuer. */
  issuer: string;
  /** The person's id at the issuer; never changes. */
  subject: string;
  address: EmailAddress | null;
  /** True only if the service says so, or OIDC_TRUST_EMAIL takes its silence for a yes. */
  email_verified: boolean;
  first_name: string | null;
  last_name: string | null;
  picture: string | null;
  /** When the session or token ends at the issuer. */
  expires_at: Date;
}

/** A caller's token and the details that services check with it. The token goes only to the service that issued it. */
export interface Presented {
  token: string;
  ip: string;
  user_agent: string | undefined;
  device_id: string | undefined;
}

/** A service of the team that knows its users. */
export interface IdentitySource {
  /**
   * @param mayAsk called before the service is asked; throws to prevent that.
   * @returns undefined if the service doesn't know the caller.
   * @throws 503 if the service can't answer. The caller is neither let in nor signed out.
   */
  identify(presented: Presented, mayAsk: () => void): Promise<Identity | undefined>;
}

/** Returns a key that is equal for equal input and does not reveal the token. */
export function fingerprint({ token, ip, user_agent, device_id }: Presented): string {
  return createHash("sha256")
    .update(JSON.stringify([token, ip, user_agent, device_id]))
    .digest("base64");
}
