import type { BaseModel } from "../models/base-model.ts";
import type { ResourceType, Rows, Viewer } from "./resource-type.ts";

type Query = Record<string, unknown>;

/** Selects the visible rows that match all filters of a query, the oldest first. */
export function matchingRows(type: ResourceType, viewer: Viewer, query: Query): Rows<BaseModel> {
  const rows = type.visible(viewer);
  const { tableName } = rows.modelClass();
  for (const [name, filter] of Object.entries(type.filters)) {
    const value = query[`filter[${name}]`];
    if (value === undefined) continue;
    // Each place separately, because some join other tables, which isn't possible in an `or`.
    const found = filter.places(value, viewer).map((place) => {
      const ids = type.visible(viewer).clearSelect().select(`${tableName}.id`);
      place(ids);
      return ids;
    });
    void rows.where((either) => {
      for (const ids of found) void either.orWhereIn(`${tableName}.id`, ids);
    });
  }
  return rows.orderBy(`${tableName}.id`);
}
