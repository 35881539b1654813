import { pointerStep } from "../lib/json-text.ts";

/**
 * Returns a JSON pointer to a value in a request's document, or to the nearest value above it that exists, because a
 * pointer must exist in the document (JSON:API 1.1 §11).
 */
export function pointerInto(document: object, path: string[]): string {
  let pointer = "";
  let value: unknown = document;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) break;
    value = Reflect.get(value, key);
    pointer += pointerStep(key);
  }
  return pointer;
}

/** Returns the same for a path in the document's resource object. */
export function pointerTo(data: Record<string, unknown>, path: string[]): string {
  return pointerInto({ data }, ["data", ...path]);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Returns an object without its members that begin with `@`, which must be ignored (§5.8). */
export function withoutAtMembers(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !name.startsWith("@")));
}
