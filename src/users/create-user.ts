import { raw } from "objection";
import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { type Actor, recordEvent } from "../events/record-events.ts";
import type { EmailAddress } from "../lib/email-address.ts";
import { newId } from "../lib/id.ts";
import { User } from "../models/user.ts";
import { refuseProgramAttributes, userExists } from "./user-refusals.ts";

export type UserDetails = Partial<
  Pick<User, "first_name" | "last_name" | "picture" | "metadata" | "external_id">
>;

export interface NewUser extends UserDetails {
  environment_id: string;
  address: EmailAddress;
  /** Only programs may vouch for an address. */
  email_verified: boolean;
}

/**
 * Creates a user.
 * @throws 409 if another user of the environment has the address, in any spelling, or the `external_id`; 403 for a user
 *   who sets an attribute that only programs may set.
 */
export function createUser(
  { db }: Pick<Context, "db">,
  { address, email_verified, ...user }: NewUser,
  actor: Actor,
): Promise<User> {
  refuseProgramAttributes({ ...user, email_verified }, actor);
  return transaction(db, async (trx) => {
    const created = await User.query(trx)
      .insert({
        id: newId("user"),
        email: address.email,
        email_canonical: address.canonical,
        ...(email_verified ? { email_verified_at: raw("now()") } : {}),
        ...user,
      })
      .returning("*");
    const { id, environment_id } = created;
    await recordEvent(trx, actor, "user.created", { id, environment_id, organization_id: null });
    return created;
  }).catch(userExists);
}
