import { z } from "zod";
import { emailAddress } from "../http/attributes.ts";
import type { EmailAddress } from "../lib/email-address.ts";
import type { BaseModel } from "../models/base-model.ts";
import type { Filter } from "./resource-type.ts";

/** Rows whose column holds exactly that text, such as an id. */
export function byColumn<Row extends BaseModel>(column: string): Filter<Row> {
  return {
    value: z.string().max(300),
    places: (value) => [(rows) => void rows.where(column, String(value))],
  };
}

/** Rows whose column holds that address, whatever its spelling. */
export function byAddress<Row extends BaseModel>(column: string): Filter<Row> {
  return {
    value: emailAddress,
    places: (address) => [(rows) => void rows.where(column, (address as EmailAddress).canonical)],
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
