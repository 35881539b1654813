import type { Knex } from "knex";
import { isId } from "../lib/id.ts";
import { Role } from "../models/role.ts";

/** The separators people write between roles. */
const SEPARATORS = ["\n", ";", "|", ","];
const ALL = SEPARATORS.join("");

/**
 * Reads the roles that a cell names or identifies by id. The whole cell may be one name, even one with separators in it.
 * Otherwise it is a list: with one kind of separator if all its names are known then, else with all of them. A name in
 * quotes, or a separator after `\`, is taken literally.
 * @returns the ids, and the names that no role has.
 */
export function readRoleCell(cell: string, { find }: RoleFinder): { role_ids: string[]; missing: string[] } {
  const readings = [[cell], ...[...SEPARATORS, ALL].map((separators) => split(cell, separators))];
  const idOf = (name: string) => find(name) ?? (isId("role", name) ? name : undefined);
  const names =
    readings.find((reading) => reading.every((name) => idOf(name) !== undefined)) ?? readings.at(-1);
  const role_ids = (names ?? []).flatMap((name) => idOf(name) ?? []);
  return { role_ids, missing: (names ?? []).filter((name) => idOf(name) === undefined) };
}

function split(cell: string, separators: string): string[] {
  const names: string[] = [];
  let [name, isQuoted] = ["", false];
  for (let at = 0; at < cell.length; at += 1) {
    const sign = cell[at] ?? "";
    const next = cell[at + 1] ?? "";
    if (sign === "\\" && next !== "" && `${ALL}"\\`.includes(next)) {
      name += next;
      at += 1;
    } else if (sign === '"') isQuoted = !isQuoted;
    else if (isQuoted || !separators.includes(sign)) name += sign;
    else {
      names.push(name);
      name = "";
    }
  }
  return [...names, name].map((one) => one.trim()).filter((one) => one !== "");
}

export interface RoleFinder {
  /** Finds the id of the role with this name. */
  find(name: string): string | undefined;
  /** The names of the roles that can be granted, sorted. */
  names: string[];
}

/**
 * Makes a finder for the roles that can be granted in an organization. It prefers the organization's own roles to those
 * of the environment, and the exact name to one that differs in case.
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
  const grantable = roles.filter(({ name, is_system }) => !(is_system && name === "owner"));
  return {
    find: (name) => exact.get(name) ?? folded.get(name.toLowerCase()),
    names: [...new Set(grantable.map(({ name }) => name))].sort(),
  };
}
