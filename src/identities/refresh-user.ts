import type { Knex } from "knex";
import { sqlStateOf } from "../db/sql-state.ts";
import type { EmailAddress } from "../lib/email-address.ts";
import type { User } from "../models/user.ts";
import type { Identity } from "./identity.ts";

const UNIQUE_VIOLATION = "23505";

/**
 * Takes over what the source says otherwise than we do. What it doesn't say stays, and so does the address unless the
 * other was verified there and is nobody else's here.
 * @param user locked. @returns whether anything has changed.
 */
export async function refreshUser(trx: Knex.Transaction, user: User, identity: Identity): Promise<boolean> {
  const { address, email_verified } = identity;
  const told: Array<[string, unknown]> = (["first_name", "last_name", "picture"] as const)
    .filter((name) => identity[name] !== null && identity[name] !== user[name])
    .map((name) => [name, identity[name]]);
  const isOwn = address?.canonical === user.email_canonical;
  if (email_verified && isOwn && user.email_verified_at === null)
    told.push(["email_verified_at", trx.fn.now()]);
  if (told.length > 0)
    await trx("users")
      .where({ id: user.id })
      .update({ ...Object.fromEntries(told), updated_at: trx.fn.now() });
  const moved = email_verified && address !== null && !isOwn && (await takeOverAddress(trx, user, address));
  return told.length > 0 || moved;
}

/** Of two who take over an address at once one keeps the old: the index decides, in a savepoint, so that the rest holds. */
async function takeOverAddress(
  trx: Knex.Transaction,
  { id, environment_id }: User,
  { email, canonical: email_canonical }: EmailAddress,
): Promise<boolean> {
  const others = trx("users").where({ environment_id, email_canonical });
  try {
    const taken = await trx.transaction((savepoint) =>
      savepoint("users").where({ id }).whereNotExists(others).update({
        email,
        email_canonical,
        email_verified_at: trx.fn.now(),
        updated_at: trx.fn.now(),
      }),
    );
    return taken > 0;
  } catch (error) {
    if (error instanceof Error && sqlStateOf(error) === UNIQUE_VIOLATION) return false;
    throw error;
  }
}
