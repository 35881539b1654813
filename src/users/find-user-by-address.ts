import type { Knex } from "knex";
import { User } from "../models/user.ts";

/**
 * Finds a user by email address. Skips users whom another service signs in without having verified their address: anyone
 * could claim an address there, and would get what is meant for its owner (decision 007).
 */
export async function findUserByAddress(
  db: Knex,
  { environment_id, email_canonical }: { environment_id: string; email_canonical: string },
): Promise<User | undefined> {
  return User.query(db)
    .findOne({ environment_id, email_canonical })
    .where((proven) =>
      proven
        .whereNotNull("email_verified_at")
        .orWhereRaw("not exists (select from user_identities i where i.user_id = users.id)"),
    );
}
