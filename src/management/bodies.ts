import type { z } from "zod";
import type { BodyShape } from "../http/endpoint.ts";
import { readMeta } from "./read-meta.ts";
import type { Linkages } from "./read-relationships.ts";
import { type ResourceInput, type ResourceShape, readResource } from "./read-resource.ts";
import { metaDocumentSchema, resourceDocumentSchema } from "./request-schemas.ts";

/** The body of a request that creates a resource. */
export function newResource<Attributes extends z.ZodObject, const Links extends Linkages>(
  shape: ResourceShape<Attributes, Links>,
): BodyShape<ResourceInput<z.infer<Attributes>, Links>> {
  return {
    read: (document) => readResource(shape, document),
    schema: () => resourceDocumentSchema(shape, { creating: true }),
  };
}

/** The body of a request that changes the resource of its path. */
export function changedResource<Attributes extends z.ZodObject, const Links extends Linkages>(
  shape: ResourceShape<Attributes, Links>,
): BodyShape<ResourceInput<z.infer<Attributes>, Links>> {
  return {
    read: (document, params) => readResource(shape, document, params.id),
    schema: () => resourceDocumentSchema(shape, { creating: false }),
  };
}

/** The body of an action: what it needs stands in `meta`. Left out, it is an empty one. */
export function meta<Schema extends z.ZodObject>(schema: Schema): BodyShape<z.infer<Schema>> {
  return {
    read: (document) => readMeta(schema, document),
    schema: () => metaDocumentSchema(schema),
    optional: true,
  };
}
