import type { JsonSchema } from "../lib/json-schema-of.ts";

/** What a value may be, in few words: `string or null`, `one of a, b`, `list of string`; and what it is unless given. */
export function typeText(schema: JsonSchema): string {
  const kind = kindText(schema);
  return schema.default === undefined ? kind : `${kind}; default ${schema.default}`;
}

function kindText(schema: JsonSchema): string {
  if (schema.anyOf !== undefined) return choiceText(schema.anyOf);
  if (schema.enum !== undefined) return `one of ${schema.enum.filter(isUpward).join(", ")}`;
  if (Array.isArray(schema.type)) return schema.type.join(" or ");
  if (schema.type === "array")
    return `list of ${schema.items?.enum === undefined ? typeText(schema.items ?? {}) : "words"}`;
  if (schema.type === "string") return stringText(schema);
  if (schema.minimum !== undefined && schema.maximum !== undefined) {
    return `${schema.type} ${schema.minimum.toLocaleString("en")} to ${schema.maximum.toLocaleString("en")}`;
  }
  return typeof schema.type === "string" ? schema.type : "anything";
}

/** `string or null, at most 50 characters`. */
function choiceText([one = {}, ...others]: JsonSchema[]): string {
  const rest = others.map((other) => ` or ${typeText(other)}`).join("");
  return one.enum === undefined ? typeText(one).replace(/^[^,]*/, `$&${rest}`) : typeText(one) + rest;
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
