import { raw } from "objection";
import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { type Actor, recordEvent } from "../events/record-events.ts";
import type { EmailAddress } from "../lib/email-address.ts";
import { newId } from "../lib/id.ts";
import { User } from "../models/user.ts";
import { refuseProgramAttributes, userExists } from "./user-refusals.ts";

export interface NewUser {
  environment_id: string;
  address: EmailAddress;
  /** Only programs may set it, and people who followed a link sent to the address. */
  email_verified: boolean;
  first_name?: string | null;
  last_name?: string | null;
  picture?: string | null;
  metadata?: Record<string, unknown>;
  external_id?: string | null;
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
