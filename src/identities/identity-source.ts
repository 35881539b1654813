import { createHash } from "node:crypto";
import type { Identity } from "./identity.ts";

/** What a caller shows of themselves. The token goes to the service that knows it, and nowhere else. */
export interface Presented {
  token: string;
  ip: string;
  user_agent: string | undefined;
  device_id: string | undefined;
}

/** A service of the team's own that knows people. */
export interface IdentitySource {
  /**
   * @param mayAsk called before another service is asked; what it throws ends the matter.
   * @returns undefined when it doesn't vouch for them.
   * @throws 503 when it can't say: nobody is let in, and nobody told that their session is over.
   */
  identify(presented: Presented, mayAsk: () => void): Promise<Identity | undefined>;
}

/** The same for whoever presents the very same: the token can't be read from it. */
export function fingerprint({ token, ip, user_agent, device_id }: Presented): string {
  return createHash("sha256")
    .update(JSON.stringify([token, ip, user_agent, device_id]))
    .digest("base64");
}
