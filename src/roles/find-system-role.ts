import type { Knex } from "knex";
import type { SystemRoleName } from "../access/permissions.ts";
import { Role } from "../models/role.ts";

/** The environment's role of that name; every environment is born with it and keeps it. */
export async function findSystemRole(db: Knex, environmentId: string, name: SystemRoleName): Promise<Role> {
  const named = { environment_id: environmentId, organization_id: null, name };
  return Role.query(db)
    .findOne({ ...named, is_system: true })
    .throwIfNotFound();
}
