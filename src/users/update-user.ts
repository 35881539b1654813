import { raw } from "objection";
import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { notFound } from "../errors.ts";
import { type Actor, recordEvent } from "../events/record-events.ts";
import type { EmailAddress } from "../lib/email-address.ts";
import { User } from "../models/user.ts";
import { requirePermissionNow } from "../roles/require-permission-now.ts";
import type { UserDetails } from "./create-user.ts";
import { requireNotAbove } from "./require-not-above.ts";
import { refuseProgramAttributes, userExists } from "./user-refusals.ts";

export interface UserChange extends UserDetails {
  address?: EmailAddress | undefined;
  email_verified?: boolean;
  /** ISO 8601. Null lifts the pause. */
  inviting_paused_until?: string | null;
}

/**
 * Changes a user. A new address is unverified unless a program vouches for it.
 * @throws 404, 403 if the actor has just lost the right, the user is above them, or a user sets an attribute that only
 *   programs may set; 409 if another user of the environment has the address or the `external_id`.
 */
export function updateUser(
  { db }: Context,
  { id, environment_id }: { id: string; environment_id: string },
  given: UserChange,
  actor: Actor,
): Promise<void> {
  refuseProgramAttributes(given, actor);
  const { address, email_verified, inviting_paused_until: until, ...change } = given;
  return transaction(db, async (trx) => {
    await requirePermissionNow(trx, actor, null, "users:manage");
    const before = await User.query(trx).findById(id).where({ environment_id }).forUpdate();
    if (before === undefined) throw notFound("user");
    const actsAsThem =
      email_verified !== undefined || (address !== undefined && address.email !== before.email);
    await requireNotAbove(trx, actor, id, { actsAsThem });
    const isNewAddress = address !== undefined && address.canonical !== before.email_canonical;
    const verified = email_verified ?? (isNewAddress ? false : undefined);
    // The time at which the former address was verified doesn't count for a new one.
    const verified_at = raw(isNewAddress ? "now()" : "coalesce(email_verified_at, now())");
    // Objection leaves columns as they are if their value is undefined.
    await User.query(trx)
      .findById(id)
      .patch({
        ...change,
        email: address?.email,
        email_canonical: address?.canonical,
        email_verified_at: verified === false ? null : verified && verified_at,
        inviting_paused_until: typeof until === "string" ? new Date(until) : until,
      });
    await recordEvent(trx, actor, "user.updated", { id, environment_id, organization_id: null });
  }).catch(userExists);
}
