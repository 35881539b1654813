import { type ErrorSource, notFound } from "../../errors.ts";
import type { EndpointRequest } from "../../http/endpoint.ts";
import { isId } from "../../lib/id.ts";
import type { BaseModel } from "../../models/base-model.ts";
import type { ResourceType } from "./resource-type.ts";
import { viewerOf } from "./viewer-of.ts";

/** @throws 404 also for what exists but the caller may not see. */
export async function findVisible(
  request: Pick<EndpointRequest, "context" | "environment" | "caller">,
  type: ResourceType,
  id: string,
  source?: ErrorSource,
): Promise<BaseModel> {
  const rows = isId(type.prefix, id) ? type.visible(viewerOf(request)) : undefined;
  const row = await rows?.where(`${rows.modelClass().tableName}.id`, id).first().execute();
  if (row === undefined) throw notFound(type.type.replaceAll("_", " "), source);
  return row;
}
