import type { Knex } from "knex";
import { dropUnprovenIdentities } from "../access/identities/validated-sessions.ts";
import { statement } from "../db/statement.ts";
import type { User } from "../models/user.ts";

/** A user with half a name has a name, because the halves of two names must not be mixed. */
const IS_NAMELESS = "coalesce(users.first_name, users.last_name) is null";

/** SQL that ends an insert of a user whose address is proven: one who is there already is verified and gets a name. */
export const PROVEN_ADDRESS = `on conflict (environment_id, email_canonical) do update set
      email_verified_at = coalesce(users.email_verified_at, now()),
      first_name = case when ${IS_NAMELESS} then excluded.first_name else users.first_name end,
      last_name = case when ${IS_NAMELESS} then excluded.last_name else users.last_name end`;

interface ProvenAddress {
  email: string;
  email_canonical: string;
  first_name?: string | null;
  last_name?: string | null;
}

const findOrCreate = statement<
  User & { proven_now: boolean },
  Required<ProvenAddress> & { id: string; environment_id: string }
>(
  "find-or-create-verified-user",
  {
    id: "text",
    environment_id: "text",
    email: "text",
    email_canonical: "text",
    first_name: "text",
    last_name: "text",
  },
  `
  insert into users (id, environment_id, email, email_canonical, first_name, last_name, email_verified_at)
  values (:id, :environment_id, :email, :email_canonical, :first_name, :last_name, now())
  ${PROVEN_ADDRESS}
  returning *, email_verified_at = now() as proven_now`,
);

/**
 * Finds or creates the user of an address that was just proven, by a link sent to it or by the service the user signs in
 * with, and marks the address as verified. A user without a name gets the given one. It is one statement, so that neither
 * of two simultaneous calls fails.
 * @param id the id for a new user.
 */
export async function findOrCreateVerifiedUser(
  trx: Knex.Transaction,
  environmentId: string,
  { email, email_canonical, first_name = null, last_name = null }: ProvenAddress,
  id: string,
): Promise<User> {
  const [user] = await findOrCreate(trx, {
    id,
    environment_id: environmentId,
    email,
    email_canonical,
    first_name,
    last_name,
  });
  if (user === undefined) throw new Error("an insert or update returned no row");
  if (user.proven_now && user.id !== id) await dropUnprovenIdentities(trx, user.id);
  return user;
}
