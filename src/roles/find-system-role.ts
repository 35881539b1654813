import type { Knex } from "knex";
import type { SystemRoleName } from "../access/permissions.ts";
import { Role } from "../models/role.ts";

/** Finds one of the system roles, which every environment has from the start and keeps. */
export async function findSystemRole(db: Knex, environmentId: string, name: SystemRoleName): Promise<Role> {
  const named = { environment_id: environmentId, organization_id: null, name };
  return Role.query(db)
    .findOne({ ...named, is_system: true })
    .throwIfNotFound();
}
