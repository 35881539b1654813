import type { Knex } from "knex";
import type { SharedResource } from "../models/shared-resources.ts";
import { columnsOf, resourcesOf } from "./find-resource.ts";
import type { Owner } from "./owned-by.ts";
import type { ResourceKind } from "./resource-kinds.ts";

export interface ListOptions {
  limit: number;
  offset: number;
  /** Narrows the list. */
  filter(query: Knex.QueryBuilder): void;
  order: { column: string; direction: "asc" | "desc" };
}

/** A page of what an owner has of a kind, and how many there are. Equal ones are in the order they were created. */
export async function listResources<Row extends SharedResource>(
  db: Knex,
  kind: ResourceKind<Row>,
  owner: Owner,
  { limit, offset, filter, order }: ListOptions,
): Promise<{ rows: Row[]; total: number }> {
  const all = resourcesOf(db, kind, owner).modify(filter);
  const [rows, [counted]] = await Promise.all([
    all
      .clone()
      .select(columnsOf(db, kind))
      .orderBy([
        { column: order.column, order: order.direction },
        { column: "id", order: order.direction },
      ])
      .limit(limit)
      .offset(offset),
    all.clone().count(),
  ]);
  return { rows, total: Number(counted?.count ?? 0) };
}
