import type { Knex } from "knex";
import type { SharedResource } from "../models/shared-resources.ts";
import { resourcesOf } from "./find-resource.ts";
import type { Owner } from "./owned-by.ts";
import type { ResourceKind } from "./resource-kinds.ts";

/**
 * Makes room for another default of the owner. Whoever calls it holds the owner alone.
 * @param next the row that becomes it.
 */
export async function releaseDefault<Row extends SharedResource>(
  trx: Knex.Transaction,
  kind: ResourceKind<Row>,
  owner: Owner,
  next: object,
): Promise<void> {
  const values = new Map<string, unknown>(Object.entries(next));
  const among = (kind.defaultAmong ?? []).map((column) => [column, values.get(column)]);
  await resourcesOf(trx, kind, owner)
    .where({ ...Object.fromEntries(among), is_default: true })
    .update({ is_default: false, updated_at: trx.fn.now() });
}
