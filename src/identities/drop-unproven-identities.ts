import type { Knex } from "knex";

/**
 * Takes its identities from a user whose address has just been proven for the first time, by another way than theirs.
 * Until then anybody could have claimed it: who signed up elsewhere with somebody else's address must not come to what
 * is granted to that address. Whoever proves it there as well is let in again.
 */
export async function dropUnprovenIdentities(trx: Knex.Transaction, user_id: string): Promise<void> {
  await trx("user_identities").where({ user_id }).delete();
  // After, so that a session kept while we waited for its identity is seen. What was revoked stays, to stay revoked.
  await trx("sessions").where({ user_id, revoked_at: null }).whereNotNull("validated_until").delete();
}
