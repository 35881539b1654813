import { badRequest } from "../errors.ts";
import type { BaseModel } from "../models/base-model.ts";
import { findPageRows, type ListShape, SORT_VALUE } from "./page-query.ts";
import type { Page } from "./read-parameters.ts";
import type { Viewer } from "./resource-type.ts";
import { sightOf, sightValues } from "./viewer.ts";

/** The most bytes of a page's rows as JSON, not counting links and relationships. */
const PAGE_BYTES = 1_000_000;

export interface FoundPage<Row> {
  rows: Row[];
  /** The cursors of the next and the previous page. Null if there is no such page. */
  next: string | null;
  previous: string | null;
}

/**
 * Finds one page by position, not by number: a cursor names the last row seen (its sort value and id), so rows that
 * come or go in between don't shift the pages. It reads one row more than asked, to know whether there is another
 * page. A page of large rows ends early, and the next begins where it ended.
 * @param values of the list's own parameters.
 * @throws 400 for an invalid cursor.
 */
export async function findPage(
  viewer: Viewer,
  list: ListShape,
  { size, after, before, sort }: Page,
  values: Record<string, unknown>,
): Promise<FoundPage<BaseModel>> {
  const place = {
    ...(after === undefined ? {} : positions("after", readCursor(after, sort.column, "page[after]"))),
    ...(before === undefined ? {} : positions("before", readCursor(before, sort.column, "page[before]"))),
  };
  const shape = {
    ...{ ...list, sight: sightOf(viewer), sort },
    ...{ after: after !== undefined, before: before !== undefined },
  };
  const given = { ...sightValues(viewer), ...values, ...place, limit: size + 1 };
  const found = await findPageRows<BaseModel>(viewer.db, shape, given);

  const backwards = before !== undefined && after === undefined;
  const shown = found.slice(0, Math.min(size, fitting(found)));
  if (backwards) shown.reverse();
  const more = found.length > shown.length;
  const [first, last] = [shown.at(0), shown.at(-1)];
  return {
    rows: shown,
    next: last !== undefined && (backwards || more) ? writeCursor(last, sort.column) : null,
    previous:
      first !== undefined && (backwards ? more : after !== undefined)
        ? writeCursor(first, sort.column)
        : null,
  };
}

/** Counts the rows, from the first, that fit on a page: at least one. */
function fitting(rows: BaseModel[]): number {
  let bytes = 0;
  const end = rows.findIndex((row) => {
    bytes += Buffer.byteLength(JSON.stringify(Object.values(row)));
    return bytes > PAGE_BYTES;
  });
  return end === -1 ? rows.length : Math.max(1, end);
}

interface Position {
  value: string;
  id: string;
}

function positions(name: "after" | "before", { value, id }: Position): Record<string, string> {
  return { [`${name}_value`]: value, [`${name}_id`]: id };
}

function writeCursor(row: BaseModel, column: string): string {
  const value = column === "id" ? row.id : String(Reflect.get(row, SORT_VALUE));
  return Buffer.from(JSON.stringify([column, value, row.id])).toString("base64url");
}

function readCursor(cursor: string, column: string, parameter: string): Position {
  try {
    const [of, value, id]: unknown[] = JSON.parse(Buffer.from(cursor, "base64url").toString());
    if (of === column && isValueOf(column, value) && typeof id === "string" && !id.includes("\0")) {
      return { value, id };
    }
  } catch {
    // Refused below: we didn't write it.
  }
  throw badRequest("invalid_cursor", "Take cursors from the links of a page with the same sort.", {
    parameter,
  });
}

/** A time as Postgres writes it; JavaScript accepts many other forms. */
const TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?[+-]\d\d(:\d\d)?$/;

function isValueOf(column: string, value: unknown): value is string {
  if (typeof value !== "string" || value.includes("\0")) return false;
  return !column.endsWith("_at") || (TIME.test(value) && !Number.isNaN(Date.parse(value)));
}
