import type { z } from "zod";
import { badRequest, Refusal } from "../errors.ts";
import type { BodyShape } from "../http/endpoint.ts";
import { exampleId } from "../lib/id.ts";
import { exampleOf, type JsonSchema, jsonSchemaOf } from "../lib/json-schema-of.ts";
import { isObject } from "./pointer-to.ts";
import { readMeta } from "./read-meta.ts";
import {
  type Linkage,
  type Linkages,
  type ResourceInput,
  type ResourceShape,
  readLinkage,
  readResource,
} from "./read-resource.ts";
import { resourceTypeNamed } from "./resource-type.ts";

/** The body of a request that creates a resource. */
export function newResource<Attributes extends z.ZodObject, const Links extends Linkages>(
  shape: ResourceShape<Attributes, Links>,
): BodyShape<ResourceInput<z.infer<Attributes>, Links, "new">> {
  return {
    read: (document) => readResource(shape, document) as ResourceInput<z.infer<Attributes>, Links, "new">,
    schema: () => resourceDocumentSchema(shape, { creating: true }),
    example: () => resourceDocumentExample(shape, { creating: true }),
  };
}

/** The body of a request that changes the resource in its path. */
export function changedResource<Attributes extends z.ZodObject, const Links extends Linkages>(
  shape: ResourceShape<Attributes, Links>,
): BodyShape<ResourceInput<z.infer<Attributes>, Links>> {
  return {
    read: (document, params) => readResource(shape, document, params.id),
    schema: () => resourceDocumentSchema(shape, { creating: false }),
    example: () => resourceDocumentExample(shape, { creating: false }),
  };
}

/** The body of a request that replaces a to-many relationship, read as a list of ids. */
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
    example: () => linkageExample(shape),
  };
}

/** The body of an action, whose input is in `meta`. No body counts as an empty one. */
export function meta<Schema extends z.ZodObject>(schema: Schema): BodyShape<z.infer<Schema>> {
  return {
    read: (document) => readMeta(schema, document),
    schema: () => metaDocumentSchema(schema),
    example: () => ({ meta: exampleOf(schema) ?? examplesOf(schema) }),
    optional: true,
  };
}

/** Returns the JSON Schema of a request's document, derived from the shape that reads it. */
function resourceDocumentSchema(
  { type, attributes, relationships }: ResourceShape<z.ZodObject, Linkages>,
  { creating }: { creating: boolean },
): JsonSchema {
  const linkages = relationshipsSchema(relationships, creating);
  const fields = describeLike(jsonSchemaOf(attributes, "input"), resourceTypeNamed(type).attributes);
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

/** Gives attributes without a description that of the resource's attribute with the same name. */
function describeLike(schema: JsonSchema, { shape }: z.ZodObject): JsonSchema {
  const properties = Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const description = property.description ?? shape[name]?.meta()?.description;
    return [name, description === undefined ? property : { ...property, description }];
  });
  return { ...schema, properties: Object.fromEntries(properties) };
}

function resourceDocumentExample(
  { type, attributes, relationships }: ResourceShape<z.ZodObject, Linkages>,
  { creating }: { creating: boolean },
): object {
  const { prefix, attributes: shown } = resourceTypeNamed(type);
  const linkages = Object.entries(relationships).map(([name, linkage]) => [name, linkageExample(linkage)]);
  const examples = { attributes: examplesOf(attributes, shown), relationships: Object.fromEntries(linkages) };
  const given = Object.entries(examples).filter(([, members]) => Object.keys(members).length > 0);
  return { data: { type, ...(creating ? {} : { id: exampleId(prefix) }), ...Object.fromEntries(given) } };
}

/** Returns the fields' own examples, or those of another object's fields with the same names. */
function examplesOf({ shape }: z.ZodObject, other?: z.ZodObject): object {
  const entries = Object.entries<z.ZodType>(shape).map(([name, field]) => {
    const like: z.ZodType | undefined = other?.shape[name];
    return [name, exampleOf(field) ?? (like && exampleOf(like))];
  });
  return Object.fromEntries(entries.filter(([, example]) => example !== undefined));
}

function linkageExample({ type, prefix, many }: Linkage): object {
  const identifier = { type, id: exampleId(prefix) };
  return { data: many ? [identifier] : identifier };
}

function metaDocumentSchema(meta: z.ZodObject): JsonSchema {
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

function linkageSchema({ type, many }: Linkages[string]): JsonSchema {
  const identifier = {
    type: "object",
    properties: { type: { const: type }, id: { type: "string" } },
    required: ["type", "id"],
  };
  const data = many ? { type: "array", items: identifier, maxItems: 100 } : identifier;
  return { type: "object", properties: { data }, required: ["data"] };
}
