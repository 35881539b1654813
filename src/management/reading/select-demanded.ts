import type { BaseModel } from "../../models/base-model.ts";
import type { Shape } from "./read-parameters.ts";
import type { ResourceType, Rows, Viewer } from "./resource-type.ts";

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
