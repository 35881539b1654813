import { parameter, preparedQuery } from "../db/prepared-query.ts";
import { type ErrorSource, notFound } from "../errors.ts";
import type { EndpointRequest } from "../http/endpoint.ts";
import { isId } from "../lib/id.ts";
import type { BaseModel } from "../models/base-model.ts";
import { demandedOf, type Shape } from "./read-parameters.ts";
import { type ResourceType, type Rows, resourceTypeNamed, type Viewer } from "./resource-type.ts";
import { type Sight, sightOf, sightValues, viewerOf } from "./viewer.ts";

interface RowShape {
  type: string;
  sight: Sight;
  /** The attributes on demand that `fields` asks for. Null if it doesn't mention the type, undefined if none are shown. */
  demanded?: string[] | null | undefined;
  /** The viewer wrote the row, so it is shown even if no permission lets them read the others. */
  isOwnWrite: boolean;
}

const findRows = preparedQuery("read", (db, { type: name, sight, demanded, isOwnWrite }: RowShape) => {
  const type = resourceTypeNamed(name);
  const viewer = { ...sight, db };
  const rows = type.visible(isOwnWrite ? { ...viewer, caller: { kind: "operator" } } : viewer);
  if (demanded !== undefined) selectDemanded(rows, type, viewer, { demanded, primary: true });
  return rows.where(`${rows.modelClass().tableName}.id`, parameter("id"));
});

/**
 * @param shape if given, the row has everything that an answer of this shape shows.
 * @throws 404 also for a row that exists but the caller may not see.
 */
export async function findVisible(
  request: Pick<EndpointRequest, "context" | "environment" | "caller">,
  type: ResourceType,
  id: string,
  { source, shape }: { source?: ErrorSource; shape?: Shape } = {},
): Promise<BaseModel> {
  const demanded = shape === undefined ? undefined : demandedOf(type, shape);
  const row = isId(type.prefix, id)
    ? await findRow(viewerOf(request), type, id, { demanded, isOwnWrite: false })
    : undefined;
  if (row === undefined) throw notFound(type.type.replaceAll("_", " "), source);
  return row;
}

export async function findRow(
  viewer: Viewer,
  { type }: ResourceType,
  id: string,
  shape: Pick<RowShape, "demanded" | "isOwnWrite">,
): Promise<BaseModel | undefined> {
  const values = { ...sightValues(viewer), id };
  const [row] = await findRows<BaseModel>(viewer.db, { type, sight: sightOf(viewer), ...shape }, values);
  return row;
}

/**
 * Adds the attributes that are read on demand, as far as the answer shows them and the viewer may see them. The answer
 * leaves out any that are not selected.
 * @param demanded the attributes that `fields` asks for. Null if it doesn't mention the type, which means all.
 */
export function selectDemanded(
  rows: Rows<BaseModel>,
  type: ResourceType,
  viewer: Viewer,
  { demanded, primary }: { demanded: string[] | null; primary: boolean },
): Rows<BaseModel> {
  for (const [name, select] of Object.entries(type.onDemand ?? {})) {
    if (demanded !== null && !demanded.includes(name)) continue;
    const column = select(viewer, { named: demanded !== null, primary });
    if (column !== undefined) void rows.select(column);
  }
  return rows;
}
