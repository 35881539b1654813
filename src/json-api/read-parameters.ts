import { z } from "zod";
import { declaredTypes, type ResourceType, resourceTypeNamed } from "./resource-type.ts";

export interface Shape {
  /** Undefined if the request doesn't mention it. */
  include: IncludeTree | undefined;
  /** The fields to show, by type. Other types show all their fields. */
  fields: Map<string, Set<string>>;
}

export interface Page {
  size: number;
  after: string | undefined;
  before: string | undefined;
  sort: { column: string; descending: boolean };
}

/** Returns the parameters for reading one resource of a type: `include` and `fields[type]`. */
export function shapeParameters(type: ResourceType) {
  const fields = declaredTypes().map((known) => [`fields[${known.type}]`, z.string().max(500).optional()]);
  return {
    include: includeParameter(type),
    ...(Object.fromEntries(fields) as Record<string, z.ZodOptional<z.ZodString>>),
  };
}

/** Returns the parameters for reading a collection of a type: those of one resource, and those of its pages. */
export function collectionParameters(type: ResourceType) {
  return { ...shapeParameters(type), ...pageParameters(type) };
}

/** Returns `sort`, `page[…]` and the type's own filters, which are all the parameters of lists with only types and ids. */
export function pageParameters(type: ResourceType) {
  return {
    ...filterParameters(type),
    sort: sortParameter(type),
    "page[size]": pageSize,
    "page[after]": cursor.describe("The cursor of the page to read: take it from `links.next`."),
    "page[before]": cursor.describe("The cursor of the page to read: take it from `links.prev`."),
  };
}

/** Returns `filter[…]` for each filter of the type. */
export function filterParameters(type: ResourceType): Record<string, z.ZodType> {
  const filters = Object.entries(type.filters).map(([name, { value }]) => {
    const what = name.replaceAll("_", " ");
    const isId = name in type.relationships || name === "organization";
    const usual = isId ? `Only those of this ${what}: an id.` : `Only those with this ${what}.`;
    return [`filter[${name}]`, value.optional().describe(value.description ?? usual)];
  });
  return Object.fromEntries(filters);
}

const cursor = z.string().max(500).optional();

const pageSize = z.coerce
  .number({ error: "must be a number from 1 to 100" })
  .int({ error: "must be a whole number from 1 to 100" })
  .min(1, { error: "must be at least 1" })
  .max(100, { error: "must be at most 100" })
  .default(20)
  .describe(
    "How many on a page. A page of large rows, above 1 MB together, ends early: continue at `links.next`.",
  );

/** Sorts by one column, descending with a `-`. Rows with equal values are in the order of their ids. */
function sortParameter({ sortable }: ResourceType) {
  const columns = ["id", ...sortable];
  return z
    .enum(columns.flatMap((column) => [column, `-${column}`]) as [string, ...string[]], {
      error: `sort by one of ${columns.join(", ")}; with a leading - in descending order`,
    })
    .optional()
    .describe(
      "The order, descending with a leading `-`. Equal ones are in the order of their ids. By default, the oldest come first.",
    );
}

export function readShape(query: Record<string, unknown>): Shape {
  const fields = new Map<string, Set<string>>();
  for (const [name, value] of Object.entries(query)) {
    const type = /^fields\[(.+)\]$/.exec(name)?.[1];
    if (type !== undefined && typeof value === "string")
      fields.set(type, new Set(value.split(",").filter((field) => field !== "")));
  }
  return { include: query.include as IncludeTree | undefined, fields };
}

/** Returns the attributes on demand that `fields` names, or null if it doesn't mention the type. */
export function demandedOf({ type, onDemand = {} }: ResourceType, { fields }: Shape): string[] | null {
  const wanted = fields.get(type);
  return wanted === undefined ? null : Object.keys(onDemand).filter((name) => wanted.has(name));
}

export function readPage(query: Record<string, unknown>): Page {
  // A list narrowed by time is in that order, so that one index finds and sorts it.
  const byTime = "filter[created_since]" in query || "filter[created_until]" in query;
  const sort = String(query.sort ?? (byTime ? "created_at" : "id"));
  return {
    size: Number(query["page[size]"]),
    after: query["page[after]"] as string | undefined,
    before: query["page[before]"] as string | undefined,
    sort: { column: sort.replace(/^-/, ""), descending: sort.startsWith("-") },
  };
}

/** The most relationships in one path of `include`. */
const DEPTH = 3;

/** The relationships to include, each with those to include from there. */
export interface IncludeTree {
  [relationship: string]: IncludeTree;
}

/** Reads `include=memberships.user,owner` and checks it against the types' relationships. An empty text includes nothing. */
function includeParameter(type: ResourceType) {
  const names = Object.keys(type.relationships);
  const known = names.length === 0 ? "There are none here" : `Here: ${names.join(", ")}`;
  return z
    .string()
    .max(500)
    .transform((text, issue) => {
      const tree: IncludeTree = {};
      for (const path of text.split(",").filter((part) => part !== "")) {
        const problem = graft(tree, type, path.split("."));
        if (problem !== undefined) issue.addIssue(problem);
      }
      return tree;
    })
    .optional()
    .describe(
      `Relationships whose resources to include, separated by commas; a dot continues from there, up to ${DEPTH} deep. ${known}.`,
    );
}

/** Returns a type, and all types whose resources a response with it may include. */
export function includableFrom(type: ResourceType): ResourceType[] {
  const found = new Set([type]);
  for (let depth = 0; depth < DEPTH; depth += 1)
    for (const { relationships } of [...found])
      for (const to of Object.values(relationships)) found.add(resourceTypeNamed(to.type));
  return [...found];
}

/** Adds a path to a tree. @returns the problem, if the path is wrong. */
function graft(tree: IncludeTree, type: ResourceType, path: string[]): string | undefined {
  if (path.length > DEPTH) return `follow ${DEPTH} relationships at most: ${path.join(".")}`;
  let branch = tree;
  let from = type;
  for (const name of path) {
    const relationship = Object.hasOwn(from.relationships, name) ? from.relationships[name] : undefined;
    if (relationship === undefined) return `${from.type} has no relationship ${name}`;
    branch[name] ??= {};
    branch = branch[name];
    from = resourceTypeNamed(relationship.type);
  }
  return undefined;
}
