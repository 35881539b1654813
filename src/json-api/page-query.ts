import { type RawBuilder, raw } from "objection";
import { LIMIT, parameter, preparedQuery } from "../db/prepared-query.ts";
import type { BaseModel } from "../models/base-model.ts";
import { selectDemanded } from "./find-visible.ts";
import { idsFrom } from "./lead.ts";
import type { Page } from "./read-parameters.ts";
import { type ResourceType, type Rows, resourceTypeNamed, type Viewer } from "./resource-type.ts";
import type { Sight } from "./viewer.ts";

/** The part of the visible rows that a list is about: rows related to another, or a part that their type declares. */
export type Within = { of: string; relationship: string } | { part: string };

export interface ListShape {
  type: string;
  /** Takes the parameter `related`, an id or several, or the part's own parameters. */
  within: Within | null;
  /** By name: the parameter, or the word if the filter's words decide on the text. */
  filters: Record<string, string>;
  /** The attributes on demand that `fields` names, or null if it doesn't mention the type. */
  demanded: string[] | null;
}

interface PageShape extends ListShape {
  sight: Sight;
  sort: Page["sort"];
  /** Which cursors there are. */
  after: boolean;
  before: boolean;
}

/** The row's value in the sort column, as Postgres writes it. A JavaScript date would lose microseconds. */
export const SORT_VALUE = "sort_value";

type Condition = (rows: Rows<BaseModel>) => void;

/** Reads up to `limit` rows in order, beyond the cursors. */
export const findPageRows = preparedQuery("list", (db, shape: PageShape) => {
  const { sight, sort, after, before } = shape;
  const viewer = { ...sight, db };
  const type = resourceTypeNamed(shape.type);
  const { places, findsFew } = filtered(type, viewer, shape.filters);
  const leads = findsFew ? undefined : type.leads?.(viewer);
  const rows = type.visible(leads === undefined ? viewer : { ...viewer, isLed: true });
  if (shape.within !== null) narrow(rows, type, shape.within);
  selectDemanded(rows, type, viewer, { demanded: shape.demanded, primary: true });

  const table = rows.modelClass().tableName;
  const column = `${table}.${sort.column}`;
  const direction = sort.descending !== (before && !after) ? "desc" : "asc";
  const beyond = [
    ...(after ? [beyondCursor("after", sort.descending ? "<" : ">")] : []),
    ...(before ? [beyondCursor("before", sort.descending ? ">" : "<")] : []),
  ];
  const [place = [], ...otherPlaces] = places;
  if (leads === undefined && otherPlaces.length === 0) cut(rows, place);
  else {
    const ids = foundIds();
    // The ids are those of rows that met every condition.
    void rows.clearWhere().whereRaw("?? = any(?)", [`${table}.id`, ids]);
  }
  if (sort.column !== "id") void rows.select(raw("??::text as ??", [column, SORT_VALUE]));
  return inOrder(rows).limit(LIMIT);

  /** Returns the ids of the page's rows: takes the first rows by each place and lead, and then the first of those. */
  function foundIds(): RawBuilder {
    const parts = places.flatMap((where) =>
      (leads ?? [undefined]).map((lead) => {
        const ids = rows.clone().clearSelect().select(`${table}.id`, `${column} as at`);
        if (lead !== undefined) void ids.whereRaw("?? = led.id", [lead.column]);
        void inOrder(cut(ids, where)).limit(LIMIT);
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
      LIMIT,
    ]);
  }

  function cut(some: Rows<BaseModel>, where: Condition[]): Rows<BaseModel> {
    for (const condition of [...where, ...beyond]) condition(some);
    return some;
  }

  function inOrder(some: Rows<BaseModel>): Rows<BaseModel> {
    void some.orderBy(column, direction).orderBy(`${table}.id`, direction);
    return some;
  }

  function beyondCursor(name: "after" | "before", operator: "<" | ">"): Condition {
    const position = [parameter(`${name}_value`), parameter(`${name}_id`)];
    return (some) => void some.whereRaw(`(??, ??) ${operator} (?, ?)`, [column, `${table}.id`, ...position]);
  }
});

/** Combines the filters: returns every combination of one place from each. */
function filtered(type: ResourceType, viewer: Viewer, filters: Record<string, string>) {
  let places: Condition[][] = [[]];
  let findsFew = false;
  for (const [name, value] of Object.entries(filters)) {
    const filter = type.filters[name];
    if (filter === undefined) continue;
    const further = filter.places(value, viewer);
    places = places.flatMap((place) => further.map((condition) => [...place, condition]));
    findsFew ||= filter.findsFew === true;
  }
  return { places, findsFew };
}

function narrow(rows: Rows<BaseModel>, type: ResourceType, within: Within): void {
  if ("part" in within) {
    type.parts?.[within.part]?.(rows);
    return;
  }
  const relationship = resourceTypeNamed(within.of).relationships[within.relationship];
  const table = rows.modelClass().tableName;
  const column = relationship !== undefined && "column" in relationship ? relationship.column : undefined;
  if (column !== undefined) void rows.where(`${table}.${column}`, parameter("related"));
  else void rows.whereRaw("?? = any(?)", [`${table}.id`, parameter("related")]);
}
