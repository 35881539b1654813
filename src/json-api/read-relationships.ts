import { type ErrorItem, MOST_PROBLEMS } from "../errors.ts";
import { type IdPrefix, isId } from "../lib/id.ts";
import { isObject, pointerTo, withoutAtMembers } from "./pointer-to.ts";

/** A relationship as the shape of a request: the type and the prefix of the ids it takes, one or several. */
export interface Linkage {
  type: string;
  prefix: IdPrefix;
  required: boolean;
  many?: true;
}

export type Linkages = Record<string, Linkage>;

/** The id a to-one relationship names, or those of a to-many; undefined where it is left out. */
export type Linked<Links extends Linkages> = {
  [Name in keyof Links]: (Links[Name]["many"] extends true ? string[] : string) | undefined;
};

/** The same in a request that creates a resource, where required relationships are always given. */
export type LinkedAnew<Links extends Linkages> = {
  [Name in keyof Links]:
    | (Links[Name]["many"] extends true ? string[] : string)
    | (Links[Name]["required"] extends true ? never : undefined);
};

/**
 * Reads the relationships of a request's resource object.
 * @param creating whether required ones must be there.
 * @param problems what is wrong is added to it.
 */
export function readRelationships<Links extends Linkages>(
  shape: Links,
  data: Record<string, unknown>,
  creating: boolean,
  problems: ErrorItem[],
): Linked<Links> {
  const given = data.relationships ?? {};
  const read: Record<string, string | string[] | undefined> = {};
  const complain = (code: string, detail: string, ...path: string[]) =>
    problems.push({ code, detail, source: { pointer: pointerTo(data, ["relationships", ...path]) } });

  if (!isObject(given)) complain("invalid_relationship", "relationships: must be an object.");
  const names = isObject(given) ? Object.keys(withoutAtMembers(given)) : [];
  const unknown = names.filter((name) => !Object.hasOwn(shape, name));
  for (const name of unknown.slice(0, MOST_PROBLEMS)) {
    complain("unknown_relationship", "There is no such relationship.", name);
  }
  for (const [name, linkage] of Object.entries(shape)) {
    if (!names.includes(name) && !(linkage.required && creating)) continue;
    const relationship = isObject(given) ? given[name] : undefined;
    read[name] = readLinkage(linkage, isObject(relationship) ? relationship.data : undefined);
    if (read[name] !== undefined) continue;
    const what = linkage.many ? "resources" : "a resource";
    complain(
      "invalid_relationship",
      `${name}: must name ${what} of type "${linkage.type}" by \`data\`.`,
      name,
    );
  }
  return read as Linked<Links>;
}

/** @returns undefined for data that is no such linkage. */
export function readLinkage({ type, prefix, many }: Linkage, data: unknown): string | string[] | undefined {
  const identifiers = many ? data : [data];
  if (!Array.isArray(identifiers) || identifiers.length > 100) return undefined;
  const ids = identifiers.map((item) => (isObject(item) && item.type === type ? item.id : undefined));
  if (!ids.every((id) => typeof id === "string")) return undefined;
  // An id of no known form names nothing: it is left to the verb to find nothing there.
  const known = ids.map((id) => (isId(prefix, id) ? id : `${prefix}_none`));
  return many ? known : known[0];
}
