import { z } from "zod";
import type { Endpoint } from "../http/endpoint.ts";
import { type ResourceType, resourceTypeNamed } from "../json-api/resource-type.ts";
import { type JsonSchema, jsonSchemaOf } from "../lib/json-schema-of.ts";
import { resourceTypes } from "../management/all-resources.ts";
import { DELIVERY_STATUSES } from "../management/invitation-filters.ts";
import { pascalCase, spoken } from "./names.ts";
import type { Parameter, Reference } from "./openapi-types.ts";
import { operationId } from "./operation-id.ts";
import type { Registry } from "./registry.ts";
import { subjectOf } from "./subject-of.ts";

/** The query parameters an endpoint knows, from the schema it reads them by: with a document, or with its other form. */
export function queryParameters(
  endpoint: Pick<Endpoint, "method" | "path" | "query" | "text" | "answers">,
  parameters: Registry<Parameter>,
): Reference[] {
  const { method, query, text, answers } = endpoint;
  const shapes = [query, text?.query].flatMap((schema) =>
    schema instanceof z.ZodObject ? [schema.shape] : [],
  );
  // What a list holds may be of another type than its path; an action is on the resources of its path.
  const answered = answers.data === undefined ? undefined : resourceTypeNamed(answers.data.type);
  const type = method === "GET" ? answered : subjectOf(endpoint);
  return shapes.flatMap(Object.entries<z.ZodType>).map(([name, shape]) => {
    const schema = jsonSchemaOf(shape, "input");
    // With another form of the body only, if at all: nobody else must send it.
    const isNeeded = text === undefined && !shape.safeParse(undefined).success;
    const needed = isNeeded ? { required: true as const } : {};
    const build = (): Parameter => ({
      name,
      in: "query",
      ...needed,
      description: describe(name, type),
      schema,
    });
    const known = isNeeded
      ? pascalCase(operationId(endpoint)) + ownName(name)
      : componentName(name, type, schema, endpoint);
    return parameters.refer(known, build);
  });
}

/** Parameters that are the same have the same name, whatever they are asked of: a type is in it where it matters. */
function componentName(
  name: string,
  type: ResourceType | undefined,
  schema: JsonSchema,
  endpoint: Pick<Endpoint, "method" | "path">,
): string {
  const of = pascalCase(type?.type ?? "");
  if (name === "include")
    return Object.keys(type?.relationships ?? {}).length === 0 ? "IncludeNothing" : `Include${of}`;
  if (name === "sort") return `SortBy${(type?.sortable ?? []).map(pascalCase).join("")}`;
  const own = ownName(name);
  return schema.enum === undefined
    ? own
    : `${pascalCase(firstWith(name, schema) ?? operationId(endpoint))}${own}`;
}

function ownName(name: string): string {
  return pascalCase(name.replaceAll("[", "_").replaceAll("]", ""));
}

/** The first type with this very filter: two that know the same states share one parameter. */
function firstWith(name: string, schema: JsonSchema): string | undefined {
  const [, member = ""] = /^filter\[(\w+)\]$/.exec(name) ?? [];
  const text = JSON.stringify(schema);
  return resourceTypes.find(({ filters }) => {
    const known = filters[member];
    return known !== undefined && JSON.stringify(jsonSchemaOf(known.value, "input")) === text;
  })?.type;
}

function describe(name: string, type: ResourceType | undefined): string {
  const [, family, member = ""] = /^(\w+)\[(\w+)\]$/.exec(name) ?? [];
  if (family === "fields") {
    return `The attributes and relationships to show of every ${spoken(member)}, with commas between. Without it, all.`;
  }
  if (family === "columns")
    return `With \`text/csv\` alone: the name of the file's column that holds ${COLUMNS[member] ?? `what \`${member}\` is`}.`;
  if (family === "filter") {
    const isId = type !== undefined && (member in type.relationships || member === "organization");
    if (member === "created_since")
      return "Only those created at this time or later: ISO 8601, with its offset.";
    if (member === "created_until") return "Only those created before this time: ISO 8601, with its offset.";
    const text = FILTERS[member];
    if (text !== undefined) return text;
    return `Only those ${isId ? `of this ${spoken(member)}: an id` : `with this ${spoken(member)}`}.`;
  }
  return DESCRIPTIONS[name]?.(type) ?? "";
}

/** Filters of which more is to be said than their name. */
const FILTERS: Record<string, string> = {
  subject: "Only what happened to this: an id.",
  search:
    "Only those in whose name or address every word of this is found, in any part of it. Give at least two letters or digits. Case and accents don't matter; `%`, `_` and `*` stand for themselves.",
  delivery_status: `Only those whose newest email is in this state, or in one of several with commas between: ${DELIVERY_STATUSES.map((word) => `\`${word}\``).join(", ")}.`,
};

const COLUMNS: Record<string, string> = {
  email: "the addresses",
  full_name: "whole names; they become `first_name`, for nobody knows which part is which",
  roles: "the roles",
};

const DESCRIPTIONS: Record<string, (type: ResourceType | undefined) => string> = {
  include: (type) => {
    const names = Object.keys(type?.relationships ?? {});
    const known = names.length === 0 ? "It has none" : `Here: ${names.join(", ")}`;
    return `Relationships whose resources come along, with commas between; dots lead on, three deep at most. ${known}.`;
  },
  sort: () =>
    "The order; with a leading `-` descending. Equal ones are in the order of their ids. Without it, the oldest come first.",
  "page[size]": () =>
    "How many on a page. One of large rows, above 1 MB together, ends early: read on from `links.next`.",
  "page[after]": () => "The cursor of the page to read: take it from `links.next`.",
  organization: () => "The organization to invite to: an id. Needed with `text/csv`, and known there alone.",
  other_columns: () =>
    "With `text/csv` alone: `ignore` leaves columns out that hold nothing we know; `refuse` names them, so that none is lost unseen.",
  dry_run: () => "With `text/csv` alone: what the attribute of this name is in a document.",
  "page[before]": () => "The cursor of the page to read: take it from `links.prev`.",
};
