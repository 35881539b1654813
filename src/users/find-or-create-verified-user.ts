import type { Knex } from "knex";
import { dropUnprovenIdentities } from "../access/identities/validated-sessions.ts";
import type { User } from "../models/user.ts";

/** Half a name is a name: two of different people are never mixed. */
const IS_NAMELESS = "coalesce(users.first_name, users.last_name) is null";

interface ProvenAddress {
  email: string;
  email_canonical: string;
  first_name?: string | null;
  last_name?: string | null;
}

/**
 * The user of an address that was just proven (a link mailed to it came back, or a service that people sign in with
 * says so): found or created, and from now on verified. A user without a name gets the one that is given. One statement, so that of two at once neither fails.
 * @param id what a user who is new is to be called.
 */
export async function findOrCreateVerifiedUser(
  trx: Knex.Transaction,
  environmentId: string,
  { email, email_canonical, first_name = null, last_name = null }: ProvenAddress,
  id: string,
): Promise<User> {
  const { rows } = await trx.raw<{ rows: [User & { proven_now: boolean }] }>(
    `insert into users (id, environment_id, email, email_canonical, first_name, last_name, email_verified_at)
     values (?, ?, ?, ?, ?, ?, now())
     on conflict (environment_id, email_canonical) do update set
       email_verified_at = coalesce(users.email_verified_at, now()),
       first_name = case when ${IS_NAMELESS} then excluded.first_name else users.first_name end,
       last_name = case when ${IS_NAMELESS} then excluded.last_name else users.last_name end
     returning *, email_verified_at = now() as proven_now`,
    [id, environmentId, email, email_canonical, first_name, last_name],
  );
  const [user] = rows;
  if (user.proven_now && user.id !== id) await dropUnprovenIdentities(trx, user.id);
  return user;
}
