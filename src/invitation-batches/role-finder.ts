import type { Knex } from "knex";

/**
 * Finds the roles that may be given in an organization by name. One of its own goes before one of the environment, and
 * the very name before one that differs in case.
 * @returns by name an id; undefined for a name no role has.
 */
export async function roleFinder(
  trx: Knex.Transaction,
  { environment_id, organization_id }: { environment_id: string; organization_id: string },
): Promise<(name: string) => string | undefined> {
  const roles: Array<{ id: string; name: string }> = await trx("roles")
    .where({ environment_id })
    .where((either) => either.whereNull("organization_id").orWhere({ organization_id }))
    .orderBy("organization_id", "asc", "first")
    .select("id", "name");
  const exact = new Map(roles.map(({ id, name }) => [name, id]));
  const folded = new Map(roles.map(({ id, name }) => [name.toLowerCase(), id]));
  return (name) => exact.get(name) ?? folded.get(name.toLowerCase());
}
