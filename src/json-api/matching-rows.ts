import { z } from "zod";
import type { BaseModel } from "../models/base-model.ts";
import type { ResourceType, Rows, Viewer } from "./resource-type.ts";

type Query = Record<string, unknown>;

const moment = z.iso
  .datetime({ offset: true, error: "must be a time such as 2027-01-31T12:00:00Z" })
  // The year 0 is a time to JavaScript and none to Postgres.
  .refine((time) => !time.startsWith("0000"), { error: "must be a time such as 2027-01-31T12:00:00Z" });

/** The parameters of an action on every resource that matches: the filters of its list, and when it was created. */
export function matchParameters(type: ResourceType): Record<string, z.ZodType> {
  const filters = Object.entries(type.filters).map(([name, { value }]) => [
    `filter[${name}]`,
    value.optional(),
  ]);
  return {
    ...Object.fromEntries(filters),
    "filter[created_since]": moment.optional(),
    "filter[created_until]": moment.optional(),
  };
}

/** The visible rows that match all filters of a query, the oldest first. */
export function matchingRows(type: ResourceType, viewer: Viewer, query: Query): Rows<BaseModel> {
  const rows = type.visible(viewer);
  const { tableName } = rows.modelClass();
  for (const [name, filter] of Object.entries(type.filters)) {
    const value = query[`filter[${name}]`];
    if (value === undefined) continue;
    // Each place by itself: some join other tables, which no `or` could hold.
    const found = filter.places(value, viewer).map((place) => {
      const ids = type.visible(viewer).clearSelect().select(`${tableName}.id`);
      place(ids);
      return ids;
    });
    void rows.where((either) => {
      for (const ids of found) void either.orWhereIn(`${tableName}.id`, ids);
    });
  }
  const { "filter[created_since]": since, "filter[created_until]": until } = query;
  if (typeof since === "string") void rows.where(`${tableName}.created_at`, ">=", since);
  if (typeof until === "string") void rows.where(`${tableName}.created_at`, "<", until);
  return rows.orderBy(`${tableName}.id`);
}
