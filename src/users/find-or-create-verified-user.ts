import type { Knex } from "knex";
import { newId } from "../lib/id.ts";
import type { User } from "../models/user.ts";

/**
 * The user of an address whose mailbox was just proven (a link mailed to it came back): found or created, and from
 * now on verified. One statement, so that of two at once neither fails.
 */
export async function findOrCreateVerifiedUser(
  trx: Knex.Transaction,
  environmentId: string,
  { email, email_canonical }: { email: string; email_canonical: string },
): Promise<User> {
  const { rows } = await trx.raw<{ rows: [User] }>(
    `insert into users (id, environment_id, email, email_canonical, email_verified_at)
     values (?, ?, ?, ?, now())
     on conflict (environment_id, email_canonical)
     do update set email_verified_at = coalesce(users.email_verified_at, now())
     returning *`,
    [newId("user"), environmentId, email, email_canonical],
  );
  return rows[0];
}
