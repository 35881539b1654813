import { z } from "zod";

/** A JSON Schema (2020-12), with types for the keywords that our code reads. */
export interface JsonSchema {
  $ref?: string;
  description?: string;
  type?: string | string[];
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean | JsonSchema;
  allOf?: JsonSchema[];
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  [keyword: string]: unknown;
}

/**
 * Converts a zod schema to JSON Schema, for its `input` or its `output`. A date's output is ISO text. Omits what only
 * zod needs: the bounds of safe integers, and patterns if there is a `format`. A class such as `\P{Cc}` needs the `u`
 * flag, which not all validators set, so the pattern lists the characters instead.
 */
export function jsonSchemaOf(schema: z.ZodType, io: "input" | "output"): JsonSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    io,
    unrepresentable: "any",
    override({ zodSchema, jsonSchema }) {
      if (zodSchema._zod.def.type === "date")
        Object.assign(jsonSchema, { type: "string", format: "date-time" });
      if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      delete jsonSchema.propertyNames;
      if (jsonSchema.pattern !== undefined)
        jsonSchema.pattern = jsonSchema.pattern.replaceAll("\\P{Cc}", "[^\\u0000-\\u001f\\u007f-\\u009f]");
    },
  });
  return json as JsonSchema;
}

/** Returns the first example in a schema's metadata, or in that of the schema it makes optional or nullable. */
export function exampleOf(schema: z.ZodType): unknown {
  const examples = schema.meta()?.examples;
  if (Array.isArray(examples)) return examples[0];
  const isWrapped = schema instanceof z.ZodOptional || schema instanceof z.ZodNullable;
  return isWrapped ? exampleOf(schema.unwrap() as z.ZodType) : undefined;
}
