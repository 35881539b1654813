import type { z } from "zod";
import {
  badRequest,
  conflict,
  type ErrorCode,
  type ErrorItem,
  forbidden,
  MOST_PROBLEMS,
  Refusal,
} from "../errors.ts";
import { type IdPrefix, isId } from "../lib/id.ts";
import { isObject, pointerTo, withoutAtMembers } from "./pointer-to.ts";
import { resourceTypeNamed } from "./resource-type.ts";

export interface ResourceShape<Attributes extends z.ZodObject, Links extends Linkages> {
  type: string;
  /** A strict object: unknown attributes are refused by name. */
  attributes: Attributes;
  relationships: Links;
}

/** The input of a request that changes a resource, or creates a `new` one. */
export interface ResourceInput<
  Attributes,
  Links extends Linkages,
  Kind extends "new" | "changed" = "changed",
> {
  attributes: Attributes;
  relationships: Linked<Links, Kind>;
}

/**
 * Reads the resource object of a request that creates or changes a resource (JSON:API 1.1 §7). Ignores members that
 * the specification doesn't know, as it requires, but refuses unknown attributes and relationships.
 * @param id of the resource to change, or undefined to create one.
 * @throws 400 without a resource object, 403 for a client's own id or a relationship that can't be set here, 409 for
 *   a wrong type or id, 422 for invalid values.
 */
export function readResource<Attributes extends z.ZodObject, Links extends Linkages>(
  shape: ResourceShape<Attributes, Links>,
  document: unknown,
  id?: string,
): ResourceInput<z.infer<Attributes>, Links> {
  const data = isObject(document) ? document.data : undefined;
  if (!isObject(data))
    throw badRequest("no_resource", "Send a JSON:API document whose `data` is one resource object.");
  if (data.type !== shape.type) throw wrongType(data, shape.type);
  if (id === undefined && data.id !== undefined) {
    throw forbidden("client_id", "Ids are given by the service: leave `id` out.", { pointer: "/data/id" });
  }
  if (id !== undefined && data.id !== id) {
    throw conflict("id_mismatch", "`id` must be that of the URL.", {
      pointer: "id" in data ? "/data/id" : "/data",
    });
  }
  refuseUnsettable(shape, data);
  const problems: ErrorItem<422>[] = [];
  const attributes = readAttributes(shape.attributes, data, problems);
  const relationships = readRelationships(shape.relationships, data, id === undefined, problems);
  const [first, ...rest] = problems.slice(0, MOST_PROBLEMS);
  if (first !== undefined) throw new Refusal(422, [first, ...rest]);
  return { attributes: attributes as z.infer<Attributes>, relationships };
}

function wrongType(data: Record<string, unknown>, type: string): Refusal {
  const pointer = "type" in data ? "/data/type" : "/data";
  return conflict("wrong_type", `This collection holds resources of type "${type}".`, { pointer });
}

/** @throws 403 for a relationship that exists but can't be set by this request. Then nothing is changed (§7.2). */
function refuseUnsettable(
  { type, relationships }: ResourceShape<z.ZodObject, Linkages>,
  data: Record<string, unknown>,
): void {
  const given = isObject(data.relationships) ? Object.keys(data.relationships) : [];
  const known = Object.keys(resourceTypeNamed(type).relationships);
  const name = given.find((one) => known.includes(one) && !Object.hasOwn(relationships, one));
  if (name === undefined) return;
  const pointer = pointerTo(data, ["relationships", name]);
  throw forbidden("relationship_not_settable", `${name}: can't be set here.`, { pointer });
}

function readAttributes(
  schema: z.ZodObject,
  data: Record<string, unknown>,
  problems: ErrorItem<422>[],
): unknown {
  const given = data.attributes ?? {};
  const parsed = schema.safeParse(isObject(given) ? withoutAtMembers(given) : given);
  if (parsed.success) return parsed.data;
  const complain = (code: ErrorCode<422>, detail: string, path: string[]) =>
    problems.push({ code, detail, source: { pointer: pointerTo(data, ["attributes", ...path]) } });
  for (const issue of parsed.error.issues.slice(0, MOST_PROBLEMS)) {
    const path = issue.path.map(String);
    if (issue.code === "unrecognized_keys") {
      const detail = "There is no such attribute, or it can't be set.";
      for (const key of issue.keys.slice(0, MOST_PROBLEMS))
        complain("unknown_attribute", detail, [...path, key]);
    } else {
      complain("invalid_attribute", `${path.join(".") || "attributes"}: ${issue.message}`, path);
    }
  }
  return undefined;
}

/** A relationship in the shape of a request: the type and the prefix of the ids that it takes, one or several. */
export interface Linkage {
  type: string;
  prefix: IdPrefix;
  required: boolean;
  many?: true;
}

export type Linkages = Record<string, Linkage>;

/**
 * The id of each to-one relationship, or the ids of each to-many. Undefined if left out, which is possible for
 * required ones in changes.
 */
type Linked<Links extends Linkages, Kind extends "new" | "changed" = "changed"> = {
  [Name in keyof Links]:
    | (Links[Name]["many"] extends true ? string[] : string)
    | (Kind extends "new" ? (Links[Name]["required"] extends true ? never : undefined) : undefined);
};

/**
 * Reads the relationships of a request's resource object.
 * @param creating whether required relationships must be there.
 * @param problems gets the problems that are found.
 */
function readRelationships<Links extends Linkages>(
  shape: Links,
  data: Record<string, unknown>,
  creating: boolean,
  problems: ErrorItem<422>[],
): Linked<Links> {
  const given = data.relationships ?? {};
  const read: Record<string, string | string[] | undefined> = {};
  const complain = (code: ErrorCode<422>, detail: string, ...path: string[]) =>
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

/** @returns undefined for data of any other form. */
export function readLinkage({ type, prefix, many }: Linkage, data: unknown): string | string[] | undefined {
  const identifiers = many ? data : [data];
  if (!Array.isArray(identifiers) || identifiers.length > 100) return undefined;
  const ids = identifiers.map((item) => (isObject(item) && item.type === type ? item.id : undefined));
  if (!ids.every((id) => typeof id === "string")) return undefined;
  // An id of an unknown form becomes one that doesn't exist, so the command finds nothing.
  const known = ids.map((id) => (isId(prefix, id) ? id : `${prefix}_none`));
  return many ? known : known[0];
}
