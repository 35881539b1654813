import type { Knex } from "knex";
import { z } from "zod";
import { emailAddress } from "../http/attributes.ts";
import { parseEmailAddress } from "../lib/email-address.ts";
import type { BaseModel } from "../models/base-model.ts";
import type { Filter, Rows, Viewer } from "./resource-type.ts";

/** Finds rows whose column holds exactly this text, such as an id. @param description replaces the usual one. */
export function byColumn<Row extends BaseModel>(column: string, description?: string): Filter<Row> {
  const value = z.string().max(300);
  return {
    value: description === undefined ? value : value.describe(description),
    places: (value) => [(rows) => void rows.where(column, String(value))],
  };
}

/** Finds rows whose column holds this address, in any spelling. */
export function byAddress<Row extends BaseModel>(column: string): Filter<Row> {
  return {
    value: emailAddress.transform(({ canonical }) => canonical),
    places: (address) => [(rows) => void rows.where(column, String(address))],
  };
}

const moment = z.iso
  .datetime({ offset: true, error: "must be a time such as 2027-01-31T12:00:00Z" })
  // JavaScript accepts the year 0, Postgres doesn't.
  .refine((time) => !time.startsWith("0000"), { error: "must be a time such as 2027-01-31T12:00:00Z" });

/** Finds rows created at a time or later, and before another. Lists with these filters are sorted by that time. */
export function byCreation<Row extends BaseModel>(table: string) {
  const filter = (operator: string): Filter<Row> => ({
    value: moment.describe(
      `Only those created ${operator === "<" ? "before this time" : "at this time or later"}: ISO 8601, with its offset.`,
    ),
    places: (time) => [(rows) => void rows.where(`${table}.created_at`, operator, String(time))],
  });
  return { created_since: filter(">="), created_until: filter("<") };
}

/** Finds rows whose column holds one of these words. */
export function byWord<Row extends BaseModel>(
  column: string,
  words: readonly [string, ...string[]],
): Filter<Row> {
  return {
    value: z.enum(words),
    places: (value) => [(rows) => void rows.where(column, String(value))],
  };
}

/** Letters and digits side by side, as `search_words` in the database splits them. */
const PARTS = /[^\s!-/:-@[-`{-~]+/g;

const wanted = z
  .string()
  .max(254, { error: "may have at most 254 characters" })
  .transform((given, issue) => {
    const parts =
      given
        .normalize("NFKD")
        .replace(/\p{Mn}/gu, "")
        .match(PARTS) ?? [];
    if (!parts.some((part) => Buffer.byteLength(part) > 1)) {
      issue.addIssue("must have at least two letters or digits side by side, such as jo");
      return z.NEVER;
    }
    const terms = given.trim().split(/\s+/u);
    return terms.map((term) => parseEmailAddress(term)?.canonical ?? term).join(" ");
  })
  .describe(
    "Only those whose name or address contains every word of this, anywhere. Give at least two letters or digits. Case and accents don't matter; `%`, `_` and `*` stand for themselves.",
  );

/**
 * Finds rows whose name or address contains every word of a text.
 * @param places the places where the viewer may find rows, each searched by an index, or among the few rows of a lead.
 */
export function bySearch<Row extends BaseModel>(
  places: (wanted: string, viewer: Viewer) => ReturnType<Filter<Row>["places"]>,
): Filter<Row> {
  return { value: wanted, places: (value, viewer) => places(String(value), viewer) };
}

/**
 * A letter of `search_place` (migration 0023): users and organizations by environment, memberships by organization,
 * invitations by either.
 */
type SearchKind = "u" | "o" | "m" | "i";

/** Selects the ids that a search finds. @param within ids of environments or organizations. Default: the viewer's environment. */
export function foundIds(
  { db, environment_id }: Viewer,
  kind: SearchKind,
  wanted: string,
  within: Knex.QueryBuilder | Knex.Raw = db.raw("select ?::text", [environment_id]),
): Knex.QueryBuilder {
  return db.select("id").from(db.raw("search_ids(?, array(?), ?) as id", [kind, within, wanted]));
}

/** Returns a condition that a search would find the row, for rows that are found in another way. */
export function isFound<Row extends BaseModel>(wanted: string) {
  return (rows: Rows<Row>): void => {
    const { tableName } = rows.modelClass();
    void rows.whereRaw(
      `exists (
        select from search_entries e
        where e.id = ?? and not exists (
          select from unnest(string_to_array(search_fold(?), ' ')) as term where strpos(e.text, term) = 0
        )
        offset 0
      )`,
      [`${tableName}.id`, wanted],
    );
  };
}
