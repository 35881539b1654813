import type { Endpoint } from "../http/endpoint.ts";
import type { JsonSchema } from "../lib/json-schema-of.ts";
import { attributeText } from "./attribute-texts.ts";
import { pascalCase } from "./names.ts";
import type { Reference } from "./openapi-types.ts";
import { operationId } from "./operation-id.ts";
import { type Registry, referToEqual } from "./registry.ts";
import { subjectOf } from "./subject-of.ts";

/** The body's schema as a component: `NewRole`, `ChangedRole`, and of actions that take the same input one. */
export function requestSchema(
  schema: JsonSchema,
  endpoint: Endpoint,
  schemas: Registry<JsonSchema>,
): Reference {
  return referToEqual(
    schemas,
    nameOf(schema, endpoint),
    withTexts(sayDefaults(schema), subjectOf(endpoint).type),
  );
}

function nameOf({ properties = {} }: JsonSchema, endpoint: Endpoint): string {
  const resource = properties.data?.properties;
  if (typeof resource?.type?.const === "string") {
    return `${"id" in resource ? "Changed" : "New"}${pascalCase(resource.type.const)}`;
  }
  return `${pascalCase(operationId(endpoint))}Request`;
}

/** Says of each attribute, and of each member of an action's `meta`, what it means. */
function withTexts(schema: JsonSchema, type: string): JsonSchema {
  const { data, meta } = schema.properties ?? {};
  if (meta !== undefined) return inside(schema, "meta", describeMembers(meta, "meta"));
  const attributes = data?.properties?.attributes;
  if (data === undefined || attributes === undefined) return schema;
  return inside(schema, "data", inside(data, "attributes", describeMembers(attributes, type)));
}

function describeMembers(schema: JsonSchema, owner: string): JsonSchema {
  const described = Object.entries(schema.properties ?? {}).map(([name, member]) => {
    const description = attributeText(owner, name);
    return [name, describe(member, description)];
  });
  return { ...schema, properties: Object.fromEntries(described) };
}

/**
 * Moves defaults into the descriptions. Some generators of types make a field with a `default` required, although a
 * request may leave it out.
 */
export function sayDefaults({ default: value, ...schema }: JsonSchema): JsonSchema {
  const said =
    value === undefined || typeof value === "object"
      ? schema
      : { ...schema, description: [schema.description, `Default: \`${value}\`.`].filter(Boolean).join(" ") };
  const properties = Object.entries(schema.properties ?? {}).map(([name, member]) => [
    name,
    sayDefaults(member),
  ]);
  return {
    ...said,
    ...(schema.properties && { properties: Object.fromEntries(properties) }),
    ...(schema.items && { items: sayDefaults(schema.items) }),
  };
}

/** Puts a text before what the schema says of itself, such as its default. */
export function describe(schema: JsonSchema, text: string | undefined): JsonSchema {
  const description = [text, schema.description].filter(Boolean).join(" ");
  return description === "" ? schema : { ...schema, description };
}

function inside(schema: JsonSchema, name: string, member: JsonSchema): JsonSchema {
  return { ...schema, properties: { ...schema.properties, [name]: member } };
}
