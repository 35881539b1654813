import type { Allow } from "../access/allow.ts";
import {
  type BodyShape,
  type Endpoint,
  type EndpointRequest,
  endpoint,
  type OneRequest,
} from "../http/endpoint.ts";
import { shows as answersChanged, creates as answersCreated, NOTHING } from "../json-api/answers.ts";
import { changed, created } from "../json-api/read-back.ts";
import type { ResourceType } from "../json-api/resource-type.ts";
import { pascalCase } from "../lib/names.ts";

interface Creation<Body> {
  summary: string;
  allow: Allow<{ params: object; body: NoInfer<Body>; query: unknown }>;
  body: BodyShape<Body>;
  /** Fields of the documented example that differ from those of the type. */
  example?: object;
  /** @returns the new row, or at least its id. */
  create(request: EndpointRequest<Body, unknown, object>): Promise<{ id: string }>;
}

/** Declares the endpoint that creates a resource and answers with it. */
export function creates<Body>(
  type: ResourceType,
  { example, create, ...declaration }: Creation<Body>,
): Endpoint {
  return endpoint({
    method: "POST",
    path: `/api/${type.path}`,
    operationId: `create${pascalCase(type.type)}`,
    limit: "write",
    answers: { ...answersCreated(type), ...(example && { example }) },
    ...declaration,
    handle: async (request) => created(request, type, (await create(request)).id),
  });
}

interface Change<Body> {
  summary: string;
  allow: Allow<{ params: { id: string }; body: NoInfer<Body>; query: unknown }>;
  body: BodyShape<Body>;
  change(request: OneRequest<Body>): Promise<unknown>;
}

/** Declares the endpoint that changes a resource and answers with it. */
export function changes<Body>(type: ResourceType, { change, ...declaration }: Change<Body>): Endpoint {
  return endpoint({
    method: "PATCH",
    path: `/api/${type.path}/:id`,
    operationId: `update${pascalCase(type.type)}`,
    limit: "write",
    answers: answersChanged(type),
    ...declaration,
    async handle(request: OneRequest<Body>) {
      await change(request);
      return changed(request, type, request.params.id);
    },
  });
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
