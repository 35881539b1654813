import { queryOf } from "../http/read-input.ts";
import type { BaseModel } from "../models/base-model.ts";
import { type Document, presentResource, type Resource } from "./document.ts";
import { findPage, type Place } from "./find-page.ts";
import { selectDemanded } from "./find-visible.ts";
import { type Included, loadIncluded } from "./load-included.ts";
import { readPage, readShape, type Shape } from "./read-parameters.ts";
import type { ResourceType, Rows, Viewer } from "./resource-type.ts";

/** What was asked, of whom, and under which address. */
export interface ReadRequest {
  viewer: Viewer;
  query: Record<string, unknown>;
  /** Path and query, for links to this very page. */
  url: string;
}

/** One resource, or none where a to-one relationship is empty, with what it includes. */
export async function singleDocument(
  { viewer, query, url }: ReadRequest,
  type: ResourceType,
  row: BaseModel | null,
): Promise<Document> {
  const shape = readShape(query);
  const included = await include(viewer, type, row === null ? [] : [row], shape);
  return {
    data: row === null ? null : presentResource(type, row, shape, included),
    ...presentIncluded(included, shape),
    links: { self: url },
  };
}

/**
 * One page of rows, filtered and sorted as asked, with what they include and the links to the pages beside it.
 * @param narrow leaves of the visible rows those the list is about.
 */
export async function listDocument(
  { viewer, query, url }: ReadRequest,
  type: ResourceType,
  narrow: (rows: Rows<BaseModel>) => void = () => {},
): Promise<Document> {
  const filters = Object.entries(type.filters).flatMap(([name, filter]) => {
    const value = query[`filter[${name}]`];
    return value === undefined ? [] : [{ ...filter, found: filter.places(value, viewer) }];
  });
  const leads = filters.some(({ findsFew }) => findsFew) ? undefined : type.leads?.(viewer);
  const rows = type.visible(leads === undefined ? viewer : { ...viewer, isLed: true });
  narrow(rows);
  const places = filters.reduce<Place[]>(
    (all, { found }) => all.flatMap((place) => found.map((further) => [...place, further])),
    [[]],
  );
  const shape = readShape(query);
  selectDemanded(rows, type, viewer, { shape, primary: true });
  const page = await findPage(rows, readPage(query), { leads, places });
  const included = await include(viewer, type, page.rows, shape);
  return {
    data: page.rows.map((row) => presentResource(type, row, shape, included)),
    ...presentIncluded(included, shape),
    links: {
      self: url,
      first: pageUrl(url, {}),
      prev: page.previous === null ? null : pageUrl(url, { "page[before]": page.previous }),
      next: page.next === null ? null : pageUrl(url, { "page[after]": page.next }),
    },
  };
}

async function include(
  viewer: Viewer,
  type: ResourceType,
  rows: BaseModel[],
  shape: Shape,
): Promise<Included | undefined> {
  return shape.include === undefined ? undefined : loadIncluded(viewer, type, rows, shape);
}

/** `included` is there, even if empty, when it was asked for; and what is primary data is not repeated in it. */
function presentIncluded(included: Included | undefined, shape: Shape): { included?: Resource[] } {
  if (included === undefined) return {};
  return {
    included: [...included.rows.values()].map(({ type, row }) => presentResource(type, row, shape, included)),
  };
}

function pageUrl(url: string, cursor: Record<string, string>): string {
  const [path = ""] = url.split("?");
  const parameters = new URLSearchParams(queryOf(url));
  parameters.delete("page[after]");
  parameters.delete("page[before]");
  for (const [name, value] of Object.entries(cursor)) parameters.set(name, value);
  const text = parameters.toString();
  return text === "" ? path : `${path}?${text}`;
}
