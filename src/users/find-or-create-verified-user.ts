import type { Knex } from "knex";
import { dropUnprovenIdentities } from "../identities/drop-unproven-identities.ts";
import type { User } from "../models/user.ts";

/**
 * The user of an address that was just proven (a link mailed to it came back, or a service that people sign in with
 * says so): found or created, and from now on verified. One statement, so that of two at once neither fails.
 * @param id what a user who is new is to be called.
 */
export async function findOrCreateVerifiedUser(
  trx: Knex.Transaction,
  environmentId: string,
  { email, email_canonical }: { email: string; email_canonical: string },
  id: string,
): Promise<User> {
  const { rows } = await trx.raw<{ rows: [User & { proven_now: boolean }] }>(
    `insert into users (id, environment_id, email, email_canonical, email_verified_at)
     values (?, ?, ?, ?, now())
     on conflict (environment_id, email_canonical)
     do update set email_verified_at = coalesce(users.email_verified_at, now())
     returning *, email_verified_at = now() as proven_now`,
    [id, environmentId, email, email_canonical],
  );
  const [user] = rows;
  if (user.proven_now && user.id !== id) await dropUnprovenIdentities(trx, user.id);
  return user;
}
