import type { Knex } from "knex";
import { raw } from "objection";
import { sqlStateOf } from "../../db/database-problems.ts";
import { forbidden, unavailable } from "../../errors.ts";
import type { EmailAddress } from "../../lib/email-address.ts";
import { newId } from "../../lib/id.ts";
import { insertUnlessExists } from "../../models/insert-unless-exists.ts";
import { User } from "../../models/user.ts";
import { findOrCreateVerifiedUser } from "../../users/find-or-create-verified-user.ts";
import type { Identity } from "./identity.ts";

const UNIQUE_VIOLATION = "23505";

type Key = Pick<Identity, "issuer" | "subject"> & { environment_id: string };

/**
 * Finds or creates the user of an identity. A new identity joins the existing user of its address only if its service
 * says that the address is verified, because anyone can sign up with someone else's.
 * @returns the user, locked until the transaction ends, and how it was found. `nobody` means that it is new.
 * @throws 403.
 */
export async function findOrCreateIdentifiedUser(
  trx: Knex.Transaction,
  environment_id: string,
  { issuer, subject, address, email_verified }: Identity,
): Promise<{ user: User; found: "by identity" | "by address" | "nobody" }> {
  const key = { environment_id, issuer, subject };
  const known = await findByIdentity(trx, key);
  if (known !== undefined) return { user: known, found: "by identity" };
  if (address === null) throw withoutAddress();

  // The transaction that inserts this row creates the user. Others wait here until it has committed.
  const id = newId("user");
  const claimed = await trx("user_identities")
    .insert({ ...key, user_id: id })
    .onConflict()
    .ignore()
    .returning("user_id");
  if (claimed.length === 0) {
    const made = await findByIdentity(trx, key);
    if (made === undefined) throw unavailable(new Error("an identity was created and deleted concurrently"));
    return { user: made, found: "by identity" };
  }
  const user = email_verified
    ? await findOrCreateVerifiedUser(trx, environment_id, columnsOf(address), id)
    : await insertUnlessExists(User, trx, { id, environment_id, ...columnsOf(address) });
  if (user === undefined) throw unverified();
  if (user.id === id) return { user, found: "nobody" };
  await trx("user_identities").where(key).update({ user_id: user.id });
  return { user, found: "by address" };
}

/** Locks the user before the identity, in the same order as deletions. */
async function findByIdentity(trx: Knex.Transaction, key: Key): Promise<User | undefined> {
  const { rows } = await trx.raw<{ rows: User[] }>(
    `select u.* from users u join user_identities i on i.user_id = u.id
     where i.environment_id = :environment_id and i.issuer = :issuer and i.subject = :subject
     for no key update`,
    key,
  );
  return rows[0];
}

/**
 * Updates a user from what the service says. Keeps fields that the service doesn't mention. Keeps the address unless
 * the new one is verified there and no other user has it here.
 * @param user locked. @returns whether anything has changed.
 */
export async function refreshUser(trx: Knex.Transaction, user: User, identity: Identity): Promise<boolean> {
  const { address, email_verified } = identity;
  const isOwn = address?.canonical === user.email_canonical;
  const changes: Array<[string, unknown]> = (["first_name", "last_name", "picture"] as const)
    .filter((name) => identity[name] !== null && identity[name] !== user[name])
    .map((name) => [name, identity[name]]);
  if (email_verified && isOwn && user.email_verified_at === null)
    changes.push(["email_verified_at", raw("now()")]);
  if (changes.length > 0) await User.query(trx).findById(user.id).patch(Object.fromEntries(changes));
  const moved = email_verified && address !== null && !isOwn && (await takeOverAddress(trx, user, address));
  return changes.length > 0 || moved;
}

/** If two users take over an address at once, the unique index gives it to one. The savepoint keeps the other's transaction alive. */
async function takeOverAddress(
  trx: Knex.Transaction,
  { id, environment_id }: User,
  address: EmailAddress,
): Promise<boolean> {
  const columns = columnsOf(address);
  const others = User.query(trx).where({ environment_id, email_canonical: columns.email_canonical });
  try {
    const taken = await trx.transaction(async (savepoint) =>
      User.query(savepoint)
        .where({ id })
        .whereNotExists(others)
        .patch({ ...columns, email_verified_at: raw("now()") }),
    );
    return taken > 0;
  } catch (error) {
    if (error instanceof Error && sqlStateOf(error) === UNIQUE_VIOLATION) return false;
    throw error;
  }
}

function columnsOf({ email, canonical }: EmailAddress) {
  return { email, email_canonical: canonical };
}

function withoutAddress() {
  const detail =
    "The service you sign in with does not share a usable email address. Add one there, allow sharing it, and sign in again.";
  return forbidden("identity_without_email", detail);
}

function unverified() {
  const detail =
    "An account with your email address exists already, and the service you signed in with has not verified that the address is yours. Verify it there and sign in again. If you can't, ask the operator of this product: they can let that service vouch for addresses (OIDC_TRUST_EMAIL).";
  return forbidden("identity_unverified", detail);
}
