import { raw } from "objection";
import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import type { EmailAddress } from "../lib/email-address.ts";
import { newId } from "../lib/id.ts";
import { User } from "../models/user.ts";
import { refuseProgramAttributes, userExists } from "./user-refusals.ts";

export interface NewUser {
  environment_id: string;
  address: EmailAddress;
  /** Only a caller we trust may say so: a management token, or a link mailed to the address. */
  email_verified: boolean;
  first_name?: string | null;
  last_name?: string | null;
  picture?: string | null;
  metadata?: Record<string, unknown>;
  external_id?: string | null;
}

/**
 * @throws 409 when the environment has a user of that address, in any spelling, or of that `external_id`; 403 for a user
 *   who says what only programs may.
 */
export function createUser(
  { db }: Pick<Context, "db">,
  { address, email_verified, ...user }: NewUser,
  actor: Actor,
): Promise<User> {
  const { environment_id } = user;
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
    await recordEvents(trx, actor, [
      { type: "user.created", environment_id, organization_id: null, subject_id: created.id },
    ]);
    return created;
  }).catch(userExists);
}
