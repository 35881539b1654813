import type { Knex } from "knex";
import { Role } from "../models/role.ts";

export interface RoleFinder {
  /** By name an id; undefined for a name no role has. */
  find(name: string): string | undefined;
  /** Of those that may be given, in order. */
  names: string[];
}

/**
 * Finds the roles that may be given in an organization by name. One of its own goes before one of the environment, and
 * the very name before one that differs in case.
 */
export async function roleFinder(
  trx: Knex.Transaction,
  { environment_id, organization_id }: { environment_id: string; organization_id: string },
): Promise<RoleFinder> {
  const roles = await Role.query(trx)
    .where({ environment_id })
    .where((either) => either.whereNull("organization_id").orWhere({ organization_id }))
    .orderBy("organization_id", "asc", "first")
    .select("id", "name", "is_system");
  const exact = new Map(roles.map(({ id, name }) => [name, id]));
  const folded = new Map(roles.map(({ id, name }) => [name.toLowerCase(), id]));
  const given = roles.filter(({ name, is_system }) => !(is_system && name === "owner"));
  return {
    find: (name) => exact.get(name) ?? folded.get(name.toLowerCase()),
    names: [...new Set(given.map(({ name }) => name))].sort(),
  };
}
