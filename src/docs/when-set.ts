import type { JsonSchema } from "../lib/json-schema-of.ts";

/** Whether a request may set a member: when one is made, and whether it can be changed afterwards. Empty: never. */
export function whenSet(name: string, made: JsonSchema | undefined, changed: JsonSchema | undefined): string {
  if (!(name in (made?.properties ?? {}))) return name in (changed?.properties ?? {}) ? "by a change" : "";
  const once = name in (changed?.properties ?? {}) ? "" : ", at creation";
  return `${made?.required?.includes(name) ? "required" : "optional"}${once}`;
}
