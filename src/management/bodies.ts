import type { z } from "zod";
import { badRequest, Refusal } from "../errors.ts";
import type { BodyShape } from "../http/endpoint.ts";
import { isObject } from "./pointer-to.ts";
import { readMeta } from "./read-meta.ts";
import { type Linkage, type Linkages, readLinkage } from "./read-relationships.ts";
import { type ResourceInput, type ResourceShape, readResource } from "./read-resource.ts";
import { linkageSchema, metaDocumentSchema, resourceDocumentSchema } from "./request-schemas.ts";

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

/** The body of a request that replaces a to-many relationship: the ids it names. */
export function linkage(to: Pick<Linkage, "type" | "prefix">): BodyShape<string[]> {
  const shape = { ...to, required: true, many: true } as const;
  return {
    read(document) {
      if (!isObject(document) || document.data === undefined)
        throw badRequest(
          "no_resource",
          `Send a JSON:API document whose \`data\` is a list of resources of type "${to.type}".`,
        );
      const ids = readLinkage(shape, document.data);
      if (Array.isArray(ids)) return ids;
      const detail = `\`data\` must be a list of at most 100 resources, each with the type "${to.type}" and an id.`;
      throw new Refusal(422, [{ code: "invalid_relationship", detail, source: { pointer: "/data" } }]);
    },
    schema: () => linkageSchema(shape),
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
