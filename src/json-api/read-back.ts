import { notFound } from "../errors.ts";
import type { Answer, EndpointRequest } from "../http/endpoint.ts";
import { presentResource, type Resource } from "./document.ts";
import { findRow } from "./find-visible.ts";
import type { ResourceType } from "./resource-type.ts";
import { viewerOf } from "./viewer.ts";

type Request = Pick<EndpointRequest, "context" | "environment" | "caller">;

/** Returns the response to a creation: the new resource as it is now, and its location. */
export async function created(
  request: Request,
  type: ResourceType,
  id: string,
): Promise<Answer & { document: { data: Resource } }> {
  const data = await readBack(request, type, id);
  return { status: 201, document: { data }, headers: { Location: data.links.self } };
}

/** Returns the response to a change: the resource as it is now. */
export async function changed(request: Request, type: ResourceType, id: string): Promise<Answer> {
  return { status: 200, document: { data: await readBack(request, type, id) } };
}

async function readBack(request: Request, type: ResourceType, id: string): Promise<Resource> {
  const row = await findRow(viewerOf(request), type, id, { demanded: null, isOwnWrite: true });
  // Somebody was faster and deleted it.
  if (row === undefined) throw notFound(type.type.replaceAll("_", " "));
  return presentResource(type, row);
}
