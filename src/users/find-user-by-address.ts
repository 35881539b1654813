import type { Knex } from "knex";
import { User } from "../models/user.ts";

/**
 * Whom one means who knows an address and no more. Not a user whom another service vouches for but whose address it
 * doesn't: anybody may have claimed it there, and would come to what is meant for its owner (decision 007).
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
