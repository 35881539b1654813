import { resourceTypeNamed } from "../json-api/resource-type.ts";
import { exampleId } from "../lib/id.ts";
import type { JsonSchema } from "../lib/json-schema-of.ts";
import { exampleValue } from "./example-values.ts";

/** A document as the body's schema wants it, with values as they might be. */
export function exampleRequest(schema: JsonSchema, type: string): unknown {
  return exampleOf(schema, type, "");
}

function exampleOf(schema: JsonSchema, type: string, name: string): unknown {
  if (schema.const !== undefined) return schema.const;
  if (name !== "" && !STRUCTURE.has(name)) {
    const value = exampleValue(type, name);
    if (value !== undefined) return value;
  }
  if (schema.anyOf !== undefined) return exampleOf(schema.anyOf[0] ?? {}, type, name);
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.type === "object") return exampleObject(name === "meta" ? withOneAtLeast(schema) : schema, type);
  if (schema.type === "array") return [exampleOf(schema.items ?? {}, type, name)];
  if (schema.type === "boolean") return true;
  if (schema.type === "integer" || schema.type === "number") return schema.minimum ?? 1;
  return "text";
}

/** Members of a document that are no attribute, whatever their name. */
const STRUCTURE = new Set(["data", "attributes", "relationships", "meta"]);

function exampleObject({ properties = {} }: JsonSchema, type: string): object {
  const owner = properties.type?.const;
  const entries = Object.entries(properties).map(([name, schema]) => [
    name,
    name === "id" && typeof owner === "string"
      ? exampleId(resourceTypeNamed(owner).prefix)
      : exampleOf(schema, type, name),
  ]);
  return Object.fromEntries(entries.filter(([, value]) => !isEmptyObject(value)));
}

/** Of what an action may take, what it must; else the first alone: the others are other ways to do the same. */
function withOneAtLeast({ properties = {}, required = [] }: JsonSchema): JsonSchema {
  const [first] = Object.keys(properties);
  const names = required.length > 0 ? required : [first];
  return {
    properties: Object.fromEntries(Object.entries(properties).filter(([name]) => names.includes(name))),
  };
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}
