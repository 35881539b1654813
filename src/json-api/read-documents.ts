import { parameter, type Values } from "../db/prepared-query.ts";
import { queryOf } from "../http/read-input.ts";
import type { BaseModel } from "../models/base-model.ts";
import { type Document, presentResource, type Resource } from "./document.ts";
import { findPage } from "./find-page.ts";
import { type Included, loadIncluded } from "./load-included.ts";
import type { Within } from "./page-query.ts";
import { demandedOf, readPage, readShape, type Shape } from "./read-parameters.ts";
import type { ResourceType, Viewer } from "./resource-type.ts";

/** A request to read, and its viewer. */
export interface ReadRequest {
  viewer: Viewer;
  query: Record<string, unknown>;
  /** Path and query, for links to the page itself. */
  url: string;
}

/** Returns one resource, or none if a to-one relationship is empty, with the resources that it includes. */
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
 * Returns one page of rows, filtered and sorted, with the resources that they include and links to the neighboring pages.
 * @param within the rows that the list is about, and the values of its parameters. By default, all visible rows.
 */
export async function listDocument(
  { viewer, query, url }: ReadRequest,
  type: ResourceType,
  within: { which: Within | null; values: Values } = { which: null, values: {} },
): Promise<Document> {
  const values = { ...within.values };
  const filters: Record<string, string> = {};
  for (const [name, { byWords }] of Object.entries(type.filters)) {
    const value = query[`filter[${name}]`];
    if (value === undefined) continue;
    filters[name] = byWords ? String(value) : parameter(`filter_${name}`);
    values[`filter_${name}`] = value;
  }
  const shape = readShape(query);
  const list = { type: type.type, within: within.which, filters, demanded: demandedOf(type, shape) };
  const page = await findPage(viewer, list, readPage(query), values);
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

/** Returns `included` if the request asks for it, even if it is empty. It doesn't repeat primary data. */
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
