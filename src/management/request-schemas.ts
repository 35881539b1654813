import type { z } from "zod";
import { type JsonSchema, jsonSchemaOf } from "../lib/json-schema-of.ts";
import type { Linkages } from "./read-relationships.ts";
import type { ResourceShape } from "./read-resource.ts";

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
