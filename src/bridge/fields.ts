import type { z } from "zod";
import { badRequest, type ErrorItem, invalid, MOST_PROBLEMS, Refusal } from "../errors.ts";
import type { BodyShape } from "../http/endpoint.ts";
import { jsonSchemaOf } from "../lib/json-schema-of.ts";
import { type Aliases, describeAliases } from "./describe-aliases.ts";
import { refuseCardData } from "./refuse-card-data.ts";

/**
 * The body of a request: one JSON object, whose fields are known by name.
 * @param shape strict: a field it does not know is refused by name.
 */
export function fields<Shape extends z.ZodObject>(
  shape: Shape,
  aliases: Aliases = {},
): BodyShape<z.infer<Shape>> {
  return {
    read: (document) => readFields(shape, aliases, document),
    schema: () => describeAliases(jsonSchemaOf(shape, "input"), aliases),
  };
}

/** The same where nothing must be sent. */
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

/** @throws 422 when a field comes under two of its names with two values. */
function rename(document: object, aliases: Aliases) {
  const values: Record<string, unknown> = Object.create(null);
  const sentAs = new Map<string, string>();
  for (const [sent, value] of Object.entries(document)) {
    const name = Object.hasOwn(aliases, sent) ? (aliases[sent] ?? sent) : sent;
    if (Object.hasOwn(values, name) && values[name] !== value) {
      const detail = `${sent}: is ${name} by another name, and they differ.`;
      throw invalid("conflicting_fields", detail, `/${sent}`);
    }
    values[name] = value;
    sentAs.set(name, sent);
  }
  return { values, sentAs };
}

function problemsOf(issue: z.core.$ZodIssue, sentAs: Map<string, string>): ErrorItem[] {
  const [first, ...inside] = issue.path.map(String);
  const path = first === undefined ? [] : [sentAs.get(first) ?? first, ...inside];
  if (issue.code === "unrecognized_keys") {
    return issue.keys
      .slice(0, MOST_PROBLEMS)
      .map((key) => complain("unknown_field", [...path, key], "there is no such field here."));
  }
  return [complain("invalid_field", path, issue.message)];
}

function complain(code: string, path: string[], what: string): ErrorItem {
  return { code, detail: `${path.join(".")}: ${what}`, source: { pointer: `/${path.join("/")}` } };
}
