import type { JsonSchema } from "../lib/json-schema-of.ts";

/** What a value may be, in few words: `string or null`, `one of a, b`, `list of string`. */
export function typeText(schema: JsonSchema): string {
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeText).join(" or ");
  if (schema.enum !== undefined) return `one of ${schema.enum.filter(isUpward).join(", ")}`;
  if (Array.isArray(schema.type)) return schema.type.join(" or ");
  if (schema.type === "array")
    return `list of ${schema.items?.enum === undefined ? typeText(schema.items ?? {}) : "words"}`;
  if (schema.type === "string") return stringText(schema);
  if (schema.minimum !== undefined && schema.maximum !== undefined) {
    return `${schema.type} ${schema.minimum} to ${schema.maximum}`;
  }
  return typeof schema.type === "string" ? schema.type : "anything";
}

/** Of `name` and `-name` in an order, the first says enough. */
function isUpward(word: unknown): boolean {
  return !String(word).startsWith("-");
}

const FORMATS: Record<string, string> = { "date-time": "time", uri: "web address", email: "e-mail address" };

function stringText({ format, maxLength }: JsonSchema): string {
  const kind = FORMATS[format ?? ""] ?? "string";
  return maxLength === undefined ? kind : `${kind}, at most ${maxLength.toLocaleString("en")} characters`;
}
