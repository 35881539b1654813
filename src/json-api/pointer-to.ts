/**
 * A JSON pointer to a value of a request's document, or to the nearest thing above it that the request does hold: a
 * pointer must exist in the document it speaks of (JSON:API 1.1 §11).
 */
export function pointerInto(document: object, path: string[]): string {
  let pointer = "";
  let value: unknown = document;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) break;
    value = Reflect.get(value, key);
    // As RFC 6901 spells a key.
    pointer += `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
  }
  return pointer;
}

/** The same, into the resource object of the document. */
export function pointerTo(data: Record<string, unknown>, path: string[]): string {
  return pointerInto({ data }, ["data", ...path]);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An object's members without those that begin with `@`: they are no attributes, no relationships, nothing (§5.8). */
export function withoutAtMembers(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !name.startsWith("@")));
}
