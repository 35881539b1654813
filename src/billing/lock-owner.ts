import type { Knex } from "knex";
import { forbidden } from "../errors.ts";
import type { Permission } from "../permissions.ts";
import { currentCeiling } from "../roles/current-ceiling.ts";
import type { Owner } from "./owned-by.ts";

/**
 * Holds the owner while something of theirs is written. An organization can't begin to be deleted meanwhile, and one
 * whose deletion has begun takes nothing any more; who lost the right while this waited for the lock is refused.
 * @param alone keeps out others who do the same, where a rule spans several rows; else any number may write at once.
 * @throws 403.
 */
export async function lockOwner(
  trx: Knex.Transaction,
  { environment_id, user_id, organization_id }: Owner,
  { permission, alone }: { permission: Permission; alone: boolean },
): Promise<void> {
  if (organization_id === null) {
    if (alone) await trx("users").where({ id: user_id, environment_id }).forNoKeyUpdate().select("id");
    return;
  }
  const organization = trx("organizations").where({ id: organization_id, environment_id, deleting_at: null });
  const [locked] = await (alone ? organization.forNoKeyUpdate() : organization.forShare()).select("id");
  if (locked === undefined) throw forbidden("forbidden", "The organization is gone, or being deleted.");
  await currentCeiling(trx, { kind: "user", user_id }, organization_id, permission);
}
