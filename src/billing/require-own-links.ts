import type { Knex } from "knex";
import { invalid } from "../errors.ts";
import type { SharedResource } from "../models/shared-resources.ts";
import { resourcesOf } from "./find-resource.ts";
import type { Owner } from "./owned-by.ts";
import type { ResourceKind } from "./resource-kinds.ts";

/**
 * Refuses links to what belongs to somebody else, and holds what is linked until the transaction ends, so that it
 * can't be deleted meanwhile.
 * @throws 422 naming the field; a foreign id and an unknown one look the same.
 */
export async function requireOwnLinks<Row extends SharedResource>(
  trx: Knex.Transaction,
  { links }: ResourceKind<Row>,
  owner: Owner,
  values: object,
): Promise<void> {
  const given = new Map<string, unknown>(Object.entries(values));
  for (const [column, kind] of Object.entries(links)) {
    const id = given.get(column);
    if (typeof id !== "string") continue;
    const linked = await resourcesOf(trx, kind, owner).where({ id }).forKeyShare().first("id");
    if (linked === undefined) {
      const whose = owner.organization_id === null ? "you" : "the organization";
      throw invalid(
        "foreign_link",
        `${column}: no such ${kind.name.replace("_", " ")} belongs to ${whose}.`,
        `/${column}`,
      );
    }
  }
}
