import type { Knex } from "knex";
import { statement } from "../db/statement.ts";

const lock = statement<never, { environment_id: string }>(
  "lock-rights",
  { environment_id: "text" },
  "select from pg_advisory_xact_lock(rights_lock(:environment_id))",
);

/**
 * Holds who may do what in an environment, alone, until the transaction ends: for whatever takes rights away there.
 * Whoever judges by a right shares this lock (`permissions_now`), so a right goes only when all that was judged by it is
 * committed, and can be found and revoked. Rights of one organization need no more than its own lock.
 * It comes after the organization's lock in the lock order, and before any row of roles, users and invitations.
 */
export async function lockRights(trx: Knex.Transaction, environmentId: string): Promise<void> {
  await lock(trx, { environment_id: environmentId });
}
