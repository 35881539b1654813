import { type ErrorSource, notFound } from "../errors.ts";
import type { EndpointRequest } from "../http/endpoint.ts";
import { isId } from "../lib/id.ts";
import type { BaseModel } from "../models/base-model.ts";
import type { Shape } from "./read-parameters.ts";
import type { ResourceType, Rows, Viewer } from "./resource-type.ts";
import { viewerOf } from "./viewer.ts";

/**
 * @param shape given, the row has all that an answer of this shape shows of it.
 * @throws 404 also for what exists but the caller may not see.
 */
export async function findVisible(
  request: Pick<EndpointRequest, "context" | "environment" | "caller">,
  type: ResourceType,
  id: string,
  { source, shape }: { source?: ErrorSource; shape?: Shape } = {},
): Promise<BaseModel> {
  const viewer = viewerOf(request);
  const rows = isId(type.prefix, id) ? type.visible(viewer) : undefined;
  if (rows !== undefined && shape !== undefined) selectDemanded(rows, type, viewer, { shape, primary: true });
  const row = await rows?.where(`${rows.modelClass().tableName}.id`, id).first().execute();
  if (row === undefined) throw notFound(type.type.replaceAll("_", " "), source);
  return row;
}

/**
 * Adds the attributes that are read on demand, as far as the answer shows them and the viewer may see them. Whatever is
 * not selected is absent from the answer.
 */
export function selectDemanded(
  rows: Rows<BaseModel>,
  type: ResourceType,
  viewer: Viewer,
  { shape, primary }: { shape?: Shape; primary: boolean },
): Rows<BaseModel> {
  const wanted = shape?.fields.get(type.type);
  for (const [name, select] of Object.entries(type.onDemand ?? {})) {
    if (wanted !== undefined && !wanted.has(name)) continue;
    const column = select(viewer, { named: wanted !== undefined, primary });
    if (column !== undefined) void rows.select(column);
  }
  return rows;
}
