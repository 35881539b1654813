import { TypeID, typeidUnboxed } from "typeid-js";

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
