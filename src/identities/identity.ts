import type { EmailAddress } from "../lib/email-address.ts";

/** Who somebody is, as a service of the team's own vouches for it. What it doesn't say is null. */
export interface Identity {
  /** Who says so: a subject means something only together with its issuer. */
  issuer: string;
  /** Who it is there, for ever. */
  subject: string;
  address: EmailAddress | null;
  /** Only where the service says so in as many words. */
  email_verified: boolean;
  first_name: string | null;
  last_name: string | null;
  picture: string | null;
  /** When what was shown ends there. */
  expires_at: Date;
}
