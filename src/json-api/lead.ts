import type { Knex } from "knex";
import type { BaseModel } from "../models/base-model.ts";
import type { Rows, Viewer } from "./resource-type.ts";

/**
 * What leads a viewer to rows: they see those whose `column` holds an id from here. It begins with what the viewer has,
 * their memberships above all, so that what they make the database read does not grow with their environment.
 */
export interface Lead {
  /** Qualified, such as `invitations.organization_id`. */
  column: string;
  /** Rows without columns yet, under an alias that appears nowhere else. */
  from: Knex.QueryBuilder;
  /** Which of their columns is the id. */
  key: string;
}

/** The ids. As an array Postgres finds them first, whatever it thinks of the rest of the statement. */
export function idsFrom({ from, key }: Pick<Lead, "from" | "key">): Knex.QueryBuilder {
  return from.clone().select(key);
}

/** Rows that one of the leads leads to, for a query that finds its rows by something else: each of them is checked. */
export function among<Row extends BaseModel>(
  { isLed }: Viewer,
  rows: Rows<Row>,
  leads: Lead[] | undefined,
): Rows<Row> {
  if (leads === undefined || isLed === true) return rows;
  return rows.where((either) => {
    // Without a lead there is nothing to see. It also keeps Postgres from turning a check into a join.
    void either.whereRaw("false");
    for (const { column, ...lead } of leads)
      void either.orWhereRaw("exists (?)", [idsFrom(lead).whereRaw("?? = ??", [lead.key, column])]);
  });
}
