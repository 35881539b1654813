import { raw } from "objection";
import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { notFound } from "../errors.ts";
import { type Actor, recordEvent } from "../events/record-events.ts";
import type { EmailAddress } from "../lib/email-address.ts";
import { User } from "../models/user.ts";
import { requirePermissionNow } from "../roles/require-permission-now.ts";
import { requireNotAbove } from "./require-not-above.ts";
import { refuseProgramAttributes, userExists } from "./user-refusals.ts";

export interface UserChange {
  address?: EmailAddress | undefined;
  email_verified?: boolean | undefined;
  first_name?: string | null | undefined;
  last_name?: string | null | undefined;
  picture?: string | null | undefined;
  metadata?: Record<string, unknown> | undefined;
  external_id?: string | null | undefined;
  /** ISO 8601. Null lifts the pause. */
  inviting_paused_until?: string | null | undefined;
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
    await User.query(trx)
      .findById(id)
      .patch({
        ...change,
        ...(address === undefined ? {} : { email: address.email, email_canonical: address.canonical }),
        ...(until === undefined ? {} : { inviting_paused_until: until === null ? null : new Date(until) }),
        ...(verified === undefined
          ? {}
          : { email_verified_at: verified ? raw("coalesce(email_verified_at, now())") : null }),
      });
    // The former address was verified earlier; the new one is verified now.
    if (isNewAddress && verified)
      await User.query(trx)
        .findById(id)
        .patch({ email_verified_at: raw("now()") });
    await recordEvent(trx, actor, "user.updated", { id, environment_id, organization_id: null });
  }).catch(userExists);
}
