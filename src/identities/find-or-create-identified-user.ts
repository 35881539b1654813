import type { Knex } from "knex";
import { forbidden, unavailable } from "../errors.ts";
import type { EmailAddress } from "../lib/email-address.ts";
import { newId } from "../lib/id.ts";
import { insertUnlessExists } from "../models/insert-unless-exists.ts";
import { User } from "../models/user.ts";
import { findOrCreateVerifiedUser } from "../users/find-or-create-verified-user.ts";
import type { Identity } from "./identity.ts";

export interface IdentifiedUser {
  /** Locked until the transaction ends. */
  user: User;
  /** How it was found; `nobody`: it wasn't, and is new. */
  found: "by identity" | "by address" | "nobody";
}

type Key = Pick<Identity, "issuer" | "subject"> & { environment_id: string };

/**
 * The user an identity stands for. A new identity gets the user of its address only where its source says that the
 * address was verified: anybody can sign up with somebody else's.
 * @throws 403.
 */
export async function findOrCreateIdentifiedUser(
  trx: Knex.Transaction,
  environment_id: string,
  { issuer, subject, address, email_verified }: Identity,
): Promise<IdentifiedUser> {
  const key = { environment_id, issuer, subject };
  const known = await findByIdentity(trx, key);
  if (known !== undefined) return { user: known, found: "by identity" };
  if (address === null) throw withoutAddress();

  // Who inserts this row makes the user; who comes second waits here until the first has done it.
  const id = newId("user");
  const claimed = await trx("user_identities")
    .insert({ ...key, user_id: id })
    .onConflict()
    .ignore()
    .returning("user_id");
  if (claimed.length === 0) {
    const made = await findByIdentity(trx, key);
    if (made === undefined) throw unavailable(new Error("an identity came and went"));
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

/** The user is locked before the identity: so does whoever deletes either. */
async function findByIdentity(
  trx: Knex.Transaction,
  { environment_id, issuer, subject }: Key,
): Promise<User | undefined> {
  const { rows } = await trx.raw<{ rows: User[] }>(
    `select u.* from users u join user_identities i on i.user_id = u.id
     where i.environment_id = ? and i.issuer = ? and i.subject = ?
     for no key update`,
    [environment_id, issuer, subject],
  );
  return rows[0];
}

function columnsOf({ email, canonical }: EmailAddress) {
  return { email, email_canonical: canonical };
}

function withoutAddress() {
  const detail =
    "The service you sign in with gives no e-mail address we could use. Add one there, let it be shared, and sign in again.";
  return forbidden("identity_without_email", detail);
}

function unverified() {
  const detail =
    "There is an account with your email address already, and the service you signed in with doesn't say that the address is yours. Verify it there and sign in again. If you can't, ask those who run this product: they can let that service vouch for addresses (OIDC_TRUST_EMAIL).";
  return forbidden("identity_unverified", detail);
}
