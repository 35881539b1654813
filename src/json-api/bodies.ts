import type { z } from "zod";
import { badRequest, Refusal } from "../errors.ts";
import type { BodyShape } from "../http/endpoint.ts";
import { type JsonSchema, jsonSchemaOf } from "../lib/json-schema-of.ts";
import { isObject } from "./pointer-to.ts";
import { readMeta } from "./read-meta.ts";
import { type Linkage, type Linkages, readLinkage } from "./read-relationships.ts";
import {
  type NewResourceInput,
  type ResourceInput,
  type ResourceShape,
  readResource,
} from "./read-resource.ts";

/** The body of a request that creates a resource. */
export function newResource<Attributes extends z.ZodObject, const Links extends Linkages>(
  shape: ResourceShape<Attributes, Links>,
): BodyShape<NewResourceInput<z.infer<Attributes>, Links>> {
  return {
    read: (document) => readResource(shape, document) as NewResourceInput<z.infer<Attributes>, Links>,
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

/** The document a request must send, as JSON Schema: from the very shape it is read by. */
export function resourceDocumentSchema(
  { type, attributes, relationships }: ResourceShape<z.ZodObject, Linkages>,
  { creating }: { creating: boolean },
): JsonSchema {
  const linkages = relationshipsSchema(relationships, creating);
  const fields = jsonSchemaOf(attributes, "input");
  const resource = {
    type: "object",
    properties: {
      type: { const: type },
      ...(creating ? {} : { id: { type: "string" } }),
      attributes: fields,
      relationships: linkages,
    },
    required: [
      "type",
      ...(creating ? [] : ["id"]),
      ...((fields.required ?? []).length > 0 ? ["attributes"] : []),
      ...((linkages.required ?? []).length > 0 ? ["relationships"] : []),
    ],
  };
  return { type: "object", properties: { data: resource }, required: ["data"] };
}

/** The document of an action, whose input is its `meta`. */
export function metaDocumentSchema(meta: z.ZodObject): JsonSchema {
  const schema = jsonSchemaOf(meta, "input");
  const required = (schema.required ?? []).length > 0 ? { required: ["meta"] } : {};
  return { type: "object", properties: { meta: schema }, ...required };
}

function relationshipsSchema(relationships: Linkages, creating: boolean): JsonSchema {
  const entries = Object.entries(relationships);
  const required = entries.filter(([, linkage]) => linkage.required && creating).map(([name]) => name);
  return {
    type: "object",
    properties: Object.fromEntries(entries.map(([name, linkage]) => [name, linkageSchema(linkage)])),
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
  };
}

export function linkageSchema({ type, many }: Linkages[string]): JsonSchema {
  const identifier = {
    type: "object",
    properties: { type: { const: type }, id: { type: "string" } },
    required: ["type", "id"],
  };
  const data = many ? { type: "array", items: identifier, maxItems: 100 } : identifier;
  return { type: "object", properties: { data }, required: ["data"] };
}
