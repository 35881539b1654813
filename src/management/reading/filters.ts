import { z } from "zod";
import type { BaseModel } from "../../models/base-model.ts";
import type { Filter } from "./resource-type.ts";

/** Rows whose column holds exactly that text, such as an id. */
export function byColumn<Row extends BaseModel>(column: string): Filter<Row> {
  return {
    value: z.string().max(300),
    places: (value) => [(rows) => void rows.where(column, String(value))],
  };
}

/** Rows whose column holds one of these words. */
export function byWord<Row extends BaseModel>(
  column: string,
  words: readonly [string, ...string[]],
): Filter<Row> {
  return {
    value: z.enum(words),
    places: (value) => [(rows) => void rows.where(column, String(value))],
  };
}
