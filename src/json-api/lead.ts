import type { Knex } from "knex";
import type { BaseModel } from "../models/base-model.ts";
import type { Lead, Rows, Viewer } from "./resource-type.ts";

/** Selects the ids of a lead. Use it as an array, so that Postgres finds them before anything else in the statement. */
export function idsFrom({ from, key }: Pick<Lead, "from" | "key">): Knex.QueryBuilder {
  return from.clone().select(key);
}

/** Keeps only the rows that a lead leads to. It checks each row, so use it in queries that find their rows in another way. */
export function among<Row extends BaseModel>(
  { isLed }: Viewer,
  rows: Rows<Row>,
  leads: Lead[] | undefined,
): Rows<Row> {
  if (leads === undefined || isLed === true) return rows;
  return rows.where((either) => {
    // Without leads, nothing is visible. This also keeps Postgres from turning the checks into a join.
    void either.whereRaw("false");
    // With `offset 0`, Postgres looks each row up, and doesn't collect all that the leads lead to.
    for (const { column, ...lead } of leads)
      void either.orWhereRaw("exists (? offset 0)", [idsFrom(lead).whereRaw("?? = ??", [lead.key, column])]);
  });
}
