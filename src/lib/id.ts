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

/** Returns a new id: `prefix_` and 26 characters of base32 UUIDv7, so that ids sort by time of creation. */
export function newId(prefix: IdPrefix): string {
  return typeidUnboxed(prefix);
}

/** Returns a bound for ids with this prefix: those made before the moment sort before it, all others after it. */
export function earliestId(prefix: IdPrefix, moment: Date): string {
  const time = moment.getTime().toString(16).padStart(12, "0");
  return fromUUID(`${time.slice(0, 8)}-${time.slice(8)}-0000-0000-000000000000`, prefix);
}

/** Returns whether a text could be an id with this prefix. It need not exist. */
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

/** Returns an id for examples, always the same for a prefix. */
export function exampleId(prefix: IdPrefix): string {
  const digest = createHash("sha256").update(prefix).digest();
  const tail = [...digest.subarray(0, 18)].map((byte) => ALPHABET[byte % 32]).join("");
  return `${prefix}_01kagx5c${tail}`;
}
