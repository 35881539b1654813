import type { Knex } from "knex";
import { z } from "zod";
import { parseEmailAddress } from "../lib/email-address.ts";
import type { BaseModel } from "../models/base-model.ts";
import type { Filter, Rows, Viewer } from "./resource-type.ts";

/** Letters and digits that stand together; as `search_words` in the database has it. */
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
 * Rows in whose name or address every word of a text is. @param places where the viewer may find any, each by an index,
 * or among the few rows that leads lead to.
 */
export function bySearch<Row extends BaseModel>(
  places: (wanted: string, viewer: Viewer) => ReturnType<Filter<Row>["places"]>,
): Filter<Row> {
  return { value: wanted, places: (value, viewer) => places(String(value), viewer) };
}

/** A letter of `search_place` (migration 0023): users and organizations by environment, memberships by organization, invitations by either. */
export type SearchKind = "u" | "o" | "m" | "i";

/** Ids of the rows that a search finds. @param within ids of environments or organizations; by default, the viewer's environment. */
export function foundIds(
  { db, environment_id }: Viewer,
  kind: SearchKind,
  wanted: string,
  within: Knex.QueryBuilder | Knex.Raw = db.raw("select ?::text", [environment_id]),
): Knex.QueryBuilder {
  return db.select("id").from(db.raw("search_ids(?, array(?), ?) as id", [kind, within, wanted]));
}

/** A condition that this very row is one that a search finds, for rows that are found by something else. */
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
