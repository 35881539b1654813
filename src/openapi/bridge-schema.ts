import type { z } from "zod";
import type { Answers } from "../http/endpoint.ts";
import { type JsonSchema, jsonSchemaOf } from "../lib/json-schema-of.ts";
import { attributeText } from "./attribute-texts.ts";
import type { Registries } from "./registry.ts";
import { describe } from "./request-schema.ts";
import { exactly } from "./resource-schema.ts";

type Properties = Record<string, JsonSchema>;

const SUCCESS: JsonSchema = { type: "boolean", const: true };

/**
 * The envelope an endpoint answers. One with a sentence of its own stands where it is used: no other is the same.
 * @param type what its records are of, for the texts.
 */
export function envelopeSchema(
  { records, message }: Answers,
  type: string,
  schemas: Registries["schemas"],
): JsonSchema {
  const said: Properties = message === undefined ? {} : { message: { type: "string", const: message } };
  if (records === undefined) return exactly({ success: SUCCESS, ...said });
  const record = schemas.refer(`Bridge${records.name}`, () => recordSchema(records.of, type));
  const name = `Bridge${records.name}${records.holds === "page" ? "Page" : "Answer"}`;
  const build = () =>
    records.holds === "page"
      ? exactly({ success: SUCCESS, data: { type: "array", items: record }, meta: metaSchema(schemas) })
      : exactly({ success: SUCCESS, data: record, ...said });
  return message === undefined ? schemas.refer(name, build) : build();
}

/** An object's schema without its examples. Fields of organizations still take their texts from the Management API. */
export function describeFields({ examples: _, ...schema }: JsonSchema, type: string): JsonSchema {
  const described = Object.entries(schema.properties ?? {}).map(([name, { examples: _, ...field }]) => {
    const isShared = type === "organization" && !/^(?!Default: )./.test(field.description ?? "");
    return [name, describe(field, isShared ? attributeText(type, name) : undefined)];
  });
  return { ...schema, properties: Object.fromEntries(described) };
}

function recordSchema(shape: z.ZodObject, type: string): JsonSchema {
  return describeFields(jsonSchemaOf(shape, "output"), type);
}

function metaSchema(schemas: Registries["schemas"]): JsonSchema {
  const count = (description: string, minimum = 0) => ({ type: "integer", minimum, description });
  const pagination = schemas.refer("BridgePagination", () =>
    exactly({
      total: count("How many there are on all pages."),
      page: count("Which page this is.", 1),
      pageSize: count("How many are on a page, as `limit` asked.", 1),
      totalPages: count("How many pages there are; 0 where there is nothing."),
    }),
  );
  return exactly({ pagination });
}
