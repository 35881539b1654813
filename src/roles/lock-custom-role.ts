import type { Knex } from "knex";
import { forbidden, notFound } from "../errors.ts";
import { Role } from "../models/role.ts";

export interface RoleKey {
  id: string;
  environment_id: string;
  /** Whose role it must be; null: one of the environment. */
  organization_id: string | null;
}

/** Locks a role that is about to change. @throws 404, 403 for a system role: those never change. */
export async function lockCustomRole(
  trx: Knex.Transaction,
  { id, environment_id, organization_id }: RoleKey,
): Promise<Role> {
  const role = await Role.query(trx).findById(id).where({ environment_id, organization_id }).forUpdate();
  if (role === undefined) throw notFound("role");
  if (role.is_system)
    throw forbidden(
      "system_role",
      "The roles owner, admin, billing and member can't be changed; make one of your own.",
    );
  return role;
}
