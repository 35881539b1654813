import type { JsonSchema } from "../lib/json-schema-of.ts";

export function text(description?: string): JsonSchema {
  return { type: "string", ...(description === undefined ? {} : { description }) };
}

/** An object of exactly these members, all of them required unless others are named. */
export function exactly(
  properties: Record<string, JsonSchema>,
  required = Object.keys(properties),
): JsonSchema {
  return {
    type: "object",
    properties,
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
  };
}

export function listOf(items: JsonSchema): JsonSchema {
  return { type: "array", items };
}

export function orNull(schema: JsonSchema): JsonSchema {
  return { anyOf: [schema, { type: "null" }] };
}

/**
 * Leaves out examples, which stand beside schemas as whole documents, and moves defaults into descriptions: some
 * generators require a property with a `default`, although a request may omit it.
 */
export function withoutDefaults({ default: value, examples: _, ...schema }: JsonSchema): JsonSchema {
  const isPlain = value !== undefined && typeof value !== "object";
  const description = [schema.description, ...(isPlain ? [`Default: \`${value}\`.`] : [])].filter(Boolean);
  const properties = Object.entries(schema.properties ?? {}).map(([name, member]) => [
    name,
    withoutDefaults(member),
  ]);
  return {
    ...schema,
    ...(description.length > 0 && { description: description.join(" ") }),
    ...(schema.properties && { properties: Object.fromEntries(properties) }),
    ...(schema.items && { items: withoutDefaults(schema.items) }),
    ...(schema.anyOf && { anyOf: schema.anyOf.map(withoutDefaults) }),
  };
}
