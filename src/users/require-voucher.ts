import { forbidden } from "../errors.ts";
import type { Actor } from "../events/record-events.ts";

/** Only programs say that an address is verified: it proves who may accept what was sent there. @throws 403 for a user. */
export function requireVoucher({ kind }: Pick<Actor, "kind">): void {
  if (kind !== "user") return;
  const detail = "Only programs vouch for an address: leave `email_verified` out.";
  throw forbidden("program_only", detail, { pointer: "/data/attributes/email_verified" });
}
