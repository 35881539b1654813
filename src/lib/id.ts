import { createHash } from "node:crypto";
import { fromUUID, TypeID, typeidUnboxed } from "typeid-js";

export type IdPrefix =
  | "env"
  | "user"
  | "sess"
  | "client"
  | "org"
  | "orguser"
  | "orguserrole"
  | "userrole"
  | "role"
  | "roleperm"
  | "perm"
  | "inv"
  | "dlv"
  | "del"
  | "evt"
  | "sub"
  | "cust"
  | "addr"
  | "pm"
  | "pay"
  | "sup"
  | "batch"
  | "batchrow";

/** A new id: `prefix_` and 26 characters of base32 UUIDv7, so ids sort by time of creation. */
export function newId(prefix: IdPrefix): string {
  return typeidUnboxed(prefix);
}

/** What every id of that prefix made from this moment on sorts after, and every one made before it sorts before. */
export function earliestId(prefix: IdPrefix, moment: Date): string {
  const time = moment.getTime().toString(16).padStart(12, "0");
  return fromUUID(`${time.slice(0, 8)}-${time.slice(8)}-0000-0000-000000000000`, prefix);
}

/** Whether `text` could be an id with that prefix. Says nothing about existence. */
export function isId(prefix: IdPrefix, text: string): boolean {
  if (!text.startsWith(`${prefix}_`)) return false;
  try {
    TypeID.fromString(text, prefix);
    return true;
  } catch {
    return false;
  }
}

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** An id for examples: the same each time for a prefix. */
export function exampleId(prefix: IdPrefix): string {
  const digest = createHash("sha256").update(prefix).digest();
  const tail = [...digest.subarray(0, 18)].map((byte) => ALPHABET[byte % 32]).join("");
  return `${prefix}_01kagx5c${tail}`;
}
