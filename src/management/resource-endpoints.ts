import { z } from "zod";
import type { Allow } from "../access/allow.ts";
import { type Endpoint, type EndpointRequest, endpoint, type OneRequest } from "../http/endpoint.ts";
import { shows as answersChanged, creates as answersCreated, NOTHING } from "../json-api/answers.ts";
import { changedResource, newResource } from "../json-api/bodies.ts";
import { changed, created } from "../json-api/read-back.ts";
import type { Linkages, ResourceInput } from "../json-api/read-resource.ts";
import type { ResourceType } from "../json-api/resource-type.ts";
import { pascalCase } from "../lib/names.ts";

/** What a request may set. */
interface Given<Attributes, Links> {
  /** Default: none. */
  attributes?: Attributes;
  /** Default: none. */
  relationships?: Links;
}

interface Creation<Attributes extends z.ZodObject, Links extends Linkages> extends Given<Attributes, Links> {
  summary: string;
  allow: Allow<{ params: object; body: ResourceInput<z.infer<Attributes>, Links, "new">; query: unknown }>;
  /** Fields of the documented example that differ from those of the type. */
  example?: object;
  /** @returns the new row, or at least its id. */
  create(
    request: EndpointRequest<ResourceInput<z.infer<Attributes>, Links, "new">, unknown, object>,
  ): Promise<{ id: string }>;
}

/** Declares the endpoint that creates a resource and answers with it. */
export function creates<
  Attributes extends z.ZodObject = z.ZodObject<Record<never, never>>,
  const Links extends Linkages = Record<never, never>,
>(
  type: ResourceType,
  { attributes, relationships, example, create, ...declaration }: Creation<Attributes, Links>,
): Endpoint {
  return endpoint({
    method: "POST",
    path: `/api/${type.path}`,
    operationId: `create${pascalCase(type.type)}`,
    limit: "write",
    body: newResource(shapeOf(type, { attributes, relationships })),
    answers: { ...answersCreated(type), ...(example && { example }) },
    ...declaration,
    handle: async (request) => created(request, type, (await create(request)).id),
  });
}

interface Change<Attributes extends z.ZodObject, Links extends Linkages> extends Given<Attributes, Links> {
  summary: string;
  allow: Allow<{
    params: { id: string };
    body: ResourceInput<z.infer<Attributes>, Links>;
    query: unknown;
  }>;
  change(request: OneRequest<ResourceInput<z.infer<Attributes>, Links>>): Promise<unknown>;
}

/** Declares the endpoint that changes a resource and answers with it. */
export function changes<
  Attributes extends z.ZodObject = z.ZodObject<Record<never, never>>,
  const Links extends Linkages = Record<never, never>,
>(
  type: ResourceType,
  { attributes, relationships, change, ...declaration }: Change<Attributes, Links>,
): Endpoint {
  return endpoint({
    method: "PATCH",
    path: `/api/${type.path}/:id`,
    operationId: `update${pascalCase(type.type)}`,
    limit: "write",
    body: changedResource(shapeOf(type, { attributes, relationships })),
    answers: answersChanged(type),
    ...declaration,
    async handle(request: OneRequest<ResourceInput<z.infer<Attributes>, Links>>) {
      await change(request);
      return changed(request, type, request.params.id);
    },
  });
}

function shapeOf<Attributes extends z.ZodObject, Links extends Linkages>(
  { type }: ResourceType,
  { attributes, relationships }: Given<Attributes, Links>,
) {
  return {
    type,
    attributes: attributes ?? (z.strictObject({}) as z.ZodObject as Attributes),
    relationships: relationships ?? ({} as Links),
  };
}

interface Deletion {
  summary: string;
  allow: Allow<{ params: { id: string }; body: unknown; query: unknown }>;
  remove(request: OneRequest): Promise<unknown>;
}

/** Declares the endpoint that deletes a resource. */
export function deletes(type: ResourceType, { remove, ...declaration }: Deletion): Endpoint {
  return endpoint({
    method: "DELETE",
    path: `/api/${type.path}/:id`,
    operationId: `delete${pascalCase(type.type)}`,
    limit: "write",
    answers: NOTHING,
    ...declaration,
    async handle(request: OneRequest) {
      await remove(request);
      return { status: 204 };
    },
  });
}
