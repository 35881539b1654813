import type { z } from "zod";
import { badRequest, type ErrorCode, type ErrorItem, invalid, MOST_PROBLEMS, Refusal } from "../errors.ts";
import type { BodyShape } from "../http/endpoint.ts";
import { exampleOf, type JsonSchema, jsonSchemaOf } from "../lib/json-schema-of.ts";
import { refuseCardData } from "./refuse-card-data.ts";

/** Other names that the Bridge API's documentation uses for fields, each with the name in answers. */
export type Aliases = Record<string, string>;

/**
 * A request body: one JSON object with known fields.
 * @param shape strict, so that an unknown field is refused by name.
 */
export function fields<Shape extends z.ZodObject>(
  shape: Shape,
  aliases: Aliases = {},
): BodyShape<z.infer<Shape>> {
  return {
    read: (document) => readFields(shape, aliases, document),
    schema: () => describeAliases(jsonSchemaOf(shape, "input"), aliases),
    example: () => exampleOf(shape),
  };
}

/** Like `fields`, but the body may be left out. */
export function optionalFields<Shape extends z.ZodObject>(shape: Shape): BodyShape<z.infer<Shape>> {
  return {
    ...fields(shape),
    read: (document) => readFields(shape, {}, document === undefined ? {} : document),
  };
}

function readFields<Shape extends z.ZodObject>(
  shape: Shape,
  aliases: Aliases,
  document: unknown,
): z.infer<Shape> {
  if (typeof document !== "object" || document === null || Array.isArray(document))
    throw badRequest("no_object", "Send a JSON object.");
  refuseCardData(document);
  const { values, sentAs } = rename(document, aliases);
  const parsed = shape.safeParse(values);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.slice(0, MOST_PROBLEMS).flatMap((issue) => problemsOf(issue, sentAs));
  const [first, ...rest] = problems.slice(0, MOST_PROBLEMS);
  throw first === undefined ? parsed.error : new Refusal(422, [first, ...rest]);
}

/** @throws 422 when a field is sent under two names with different values. */
function rename(document: object, aliases: Aliases) {
  const values: Record<string, unknown> = Object.create(null);
  const sentAs = new Map<string, string>();
  for (const [sent, value] of Object.entries(document)) {
    const name = Object.hasOwn(aliases, sent) ? (aliases[sent] ?? sent) : sent;
    if (Object.hasOwn(values, name) && values[name] !== value) {
      const detail = `${sent}: is another name of ${name}, but their values differ.`;
      throw invalid("conflicting_fields", detail, `/${sent}`);
    }
    values[name] = value;
    sentAs.set(name, sent);
  }
  return { values, sentAs };
}

function problemsOf(issue: z.core.$ZodIssue, sentAs: Map<string, string>): ErrorItem<422>[] {
  const [first, ...inside] = issue.path.map(String);
  const path = first === undefined ? [] : [sentAs.get(first) ?? first, ...inside];
  if (issue.code === "unrecognized_keys") {
    return issue.keys
      .slice(0, MOST_PROBLEMS)
      .map((key) => complain("unknown_field", [...path, key], "is not a field here."));
  }
  return [complain("invalid_field", path, issue.message)];
}

function complain(code: ErrorCode<422>, path: string[], what: string): ErrorItem<422> {
  return { code, detail: `${path.join(".")}: ${what}`, source: { pointer: `/${path.join("/")}` } };
}

/**
 * Adds the aliases to a body's schema. A required field may be sent under any of its names, which `required` can't
 * express, so it becomes `anyOf` alternatives.
 */
function describeAliases(schema: JsonSchema, aliases: Aliases): JsonSchema {
  const { required = [], anyOf = [], ...rest } = schema;
  const namesOf = (name: string) => [
    name,
    ...Object.keys(aliases).filter((alias) => aliases[alias] === name),
  ];
  const isAlone = (name: string) => namesOf(name).length === 1;
  const alternatives = anyOf.flatMap((alternative) => alternative.required ?? []);
  const choices = [...required.filter((name) => !isAlone(name)).map((name) => [name]), alternatives]
    .filter((names) => names.length > 0)
    .map((names) => ({ anyOf: names.flatMap(namesOf).map((name) => ({ required: [name] })) }));

  const properties = { ...schema.properties };
  for (const [alias, name] of Object.entries(aliases)) {
    const description = `Another name of \`${name}\`.`;
    properties[alias] = { ...properties[name], description, deprecated: true };
  }
  const alone = required.filter(isAlone);
  return {
    ...rest,
    properties,
    ...(alone.length === 0 ? {} : { required: alone }),
    ...(choices.length > 1 ? { allOf: choices } : choices[0]),
  };
}
