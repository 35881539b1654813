import { z } from "zod";
import { emailAddress } from "../http/attributes.ts";
import type { EmailAddress } from "../lib/email-address.ts";
import type { BaseModel } from "../models/base-model.ts";
import type { Filter } from "./resource-type.ts";

/** Rows whose column holds exactly that text, such as an id. @param description where the usual one won't do. */
export function byColumn<Row extends BaseModel>(column: string, description?: string): Filter<Row> {
  const value = z.string().max(300);
  return {
    value: description === undefined ? value : value.describe(description),
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

const moment = z.iso
  .datetime({ offset: true, error: "must be a time such as 2027-01-31T12:00:00Z" })
  // The year 0 is a time to JavaScript and none to Postgres.
  .refine((time) => !time.startsWith("0000"), { error: "must be a time such as 2027-01-31T12:00:00Z" });

/** Rows created at a time or later, and before another. A list that they narrow is sorted by that time. */
export function byCreation<Row extends BaseModel>(table: string) {
  const filter = (operator: string): Filter<Row> => ({
    value: moment.describe(
      `Only those created ${operator === "<" ? "before this time" : "at this time or later"}: ISO 8601, with its offset.`,
    ),
    places: (time) => [(rows) => void rows.where(`${table}.created_at`, operator, String(time))],
  });
  return { created_since: filter(">="), created_until: filter("<") };
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
