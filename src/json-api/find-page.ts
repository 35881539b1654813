import { type RawBuilder, raw } from "objection";
import { badRequest } from "../errors.ts";
import type { BaseModel } from "../models/base-model.ts";
import { idsFrom } from "./lead.ts";
import type { Page } from "./read-parameters.ts";
import type { Lead, Rows } from "./resource-type.ts";

/** What the rows of a page may take as JSON, links and relationships aside. */
const PAGE_BYTES = 1_000_000;

export interface FoundPage<Row> {
  rows: Row[];
  /** Cursors of the pages beside this one; null where there is none. */
  next: string | null;
  previous: string | null;
}

/** The row's value in the column it is sorted by, as Postgres writes it: a JavaScript date would lose microseconds. */
const SORT_VALUE = "sort_value";

/** Conditions that hold together. */
export type Place = Array<(rows: Rows<BaseModel>) => void>;

/** How to find the rows: by what leads to them, if anything does, and where: in any of these places. */
export interface Search {
  leads?: Lead[] | undefined;
  places?: Place[];
}

/**
 * One page by position, not by number: a cursor names the last row seen (its sort value and id), so rows that come or go
 * meanwhile move nobody. One row more than asked is read, to know whether there is another page. A page of large rows
 * ends early, and the next begins where it ended.
 * @throws 400 for a cursor that is none.
 */
export async function findPage(
  rows: Rows<BaseModel>,
  { size, after, before, sort }: Page,
  { leads, places = [[]] }: Search = {},
): Promise<FoundPage<BaseModel>> {
  const table = rows.modelClass().tableName;
  const column = `${table}.${sort.column}`;
  const backwards = before !== undefined && after === undefined;
  const direction = sort.descending !== backwards ? "desc" : "asc";
  const beyond = [
    ...(after === undefined ? [] : [beyondCursor(after, "page[after]", sort.descending ? "<" : ">")]),
    ...(before === undefined ? [] : [beyondCursor(before, "page[before]", sort.descending ? ">" : "<")]),
  ];
  const [place, ...otherPlaces] = places;
  if (leads === undefined && otherPlaces.length === 0) cut(rows, place);
  else void rows.whereRaw("?? = any(?)", [`${table}.id`, foundIds()]);
  void rows.select(raw("??::text as ??", [column, SORT_VALUE]));
  const found = await inOrder(rows)
    .limit(size + 1)
    .execute();

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

  /** The ids of the page's rows: the first of each place and of each id that leads there, and of these the first. */
  function foundIds(): RawBuilder {
    const parts = places.flatMap((where) =>
      (leads ?? [undefined]).map((lead) => {
        const ids = rows.clone().clearSelect().select(`${table}.id`, `${column} as at`);
        if (lead !== undefined) void ids.whereRaw("?? = led.id", [lead.column]);
        void inOrder(cut(ids, where)).limit(size + 1);
        if (lead === undefined) return ids;
        return raw("select page.* from unnest(array(?)) as led(id) cross join lateral (?) as page", [
          idsFrom(lead),
          ids,
        ]);
      }),
    );
    const all = raw(parts.map(() => "(?)").join(" union "), parts);
    return raw(`array(select id from (?) as found order by at ${direction}, id ${direction} limit ?)`, [
      all,
      size + 1,
    ]);
  }

  function cut<Some extends Rows<BaseModel>>(some: Some, where: Place = []): Some {
    for (const condition of [...where, ...beyond]) condition(some);
    return some;
  }

  function inOrder<Some extends Rows<BaseModel>>(some: Some): Some {
    void some.orderBy(column, direction).orderBy(`${table}.id`, direction);
    return some;
  }

  function beyondCursor(cursor: string, parameter: string, operator: "<" | ">") {
    const { value, id } = readCursor(cursor, sort.column, parameter);
    return (some: Rows<BaseModel>) =>
      void some.whereRaw(`(??, ??) ${operator} (?, ?)`, [column, `${table}.id`, value, id]);
  }
}

/** How many rows from the first make a page, by their size: one at least. */
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
    // Told below: whatever is wrong with it, it is no cursor of ours.
  }
  throw badRequest("invalid_cursor", "Take cursors from the links of a page with the same sort.", {
    parameter,
  });
}

/** As Postgres writes a time; JavaScript takes many more for one. */
const TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?[+-]\d\d(:\d\d)?$/;

function isValueOf(column: string, value: unknown): value is string {
  if (typeof value !== "string" || value.includes("\0")) return false;
  return !column.endsWith("_at") || (TIME.test(value) && !Number.isNaN(Date.parse(value)));
}
