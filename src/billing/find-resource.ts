import type { Knex } from "knex";
import { notFound } from "../errors.ts";
import type { SharedResource } from "../models/shared-resources.ts";
import { type Owner, ownedBy, type Reach } from "./owned-by.ts";
import type { ResourceKind } from "./resource-kinds.ts";

/** Which resource, and who must own it. */
export interface ResourceKey {
  id: string;
  owner: Owner;
}

/** The rows of a kind that the owner has. */
export function resourcesOf(
  db: Knex,
  { model }: Pick<ResourceKind, "model">,
  owner: Reach,
): Knex.QueryBuilder {
  return db(model.tableName).modify(ownedBy(owner));
}

/** All columns, as they are by now. Of two of one name, the later is what the driver hands out. */
export function columnsOf(db: Knex, { model, computed }: Pick<ResourceKind, "model" | "computed">) {
  const all = `${model.tableName}.*`;
  return computed === undefined ? [all] : [all, db.raw(`${computed.sql} as ${computed.column}`)];
}

/** One of them. @throws 404. */
export async function findResource<Row extends SharedResource>(
  db: Knex,
  kind: ResourceKind<Row>,
  { id, owner }: { id: string; owner: Reach },
): Promise<Row> {
  const rows = await resourcesOf(db, kind, owner).where({ id }).select(columnsOf(db, kind));
  return foundIn(rows);
}

/** The same, held until the transaction ends. @throws 404. */
export async function lockResource<Row extends SharedResource>(
  trx: Knex.Transaction,
  kind: ResourceKind<Row>,
  { id, owner }: { id: string; owner: Reach },
): Promise<Row> {
  const query = resourcesOf(trx, kind, owner).where({ id }).forUpdate();
  return foundIn(await query.select(columnsOf(trx, kind)));
}

/** In the words a face has for strangers, who must not learn by others that it is there. */
function foundIn<Row>([row]: Row[]): Row {
  if (row === undefined) throw notFound("resource");
  return row;
}
