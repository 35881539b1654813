import { createHash } from "node:crypto";

/** Returns the SHA-256 of a JSON value, independent of the order of members in its objects. */
export function jsonDigest(value: unknown): Buffer {
  return createHash("sha256").update(JSON.stringify(value, inOrder)).digest();
}

function inOrder(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}
