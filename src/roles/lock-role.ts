import type { Knex } from "knex";
import { notFound } from "../errors.ts";
import { Role } from "../models/role.ts";

export interface RoleKey {
  id: string;
  environment_id: string;
  /** Whose role it must be; null: one of the environment. */
  organization_id: string | null;
}

/**
 * Locks a role that is about to change. Not its key: somebody who accepts an invitation and is given the role doesn't
 * wait for this, while this may wait for their invitation.
 * @throws 404.
 */
export async function lockRole(
  trx: Knex.Transaction,
  { id, environment_id, organization_id }: RoleKey,
): Promise<Role> {
  const role = await Role.query(trx).findById(id).where({ environment_id, organization_id }).forNoKeyUpdate();
  if (role === undefined) throw notFound("role");
  return role;
}
