import type { z } from "zod";
import { badRequest, type ErrorItem, MOST_PROBLEMS, Refusal } from "../errors.ts";

/**
 * Reads the query string by a schema of the parameters an endpoint knows.
 * @returns undefined for an endpoint that knows none.
 * @throws 400 naming each parameter that is unknown, repeated or wrong.
 */
export function readQuery(schema: z.ZodType | undefined, url: string): unknown {
  const given = new URLSearchParams(queryOf(url));
  // Without a prototype, so that a parameter called `__proto__` is one like any other.
  const values: Record<string, string> = Object.create(null);
  for (const [name, value] of given) {
    if (Object.hasOwn(values, name))
      throw badRequest("repeated_parameter", "Give each parameter once.", { parameter: name });
    if (value.includes("\u0000"))
      throw badRequest("invalid_parameter", "A parameter may not hold NUL.", { parameter: name });
    values[name] = value;
  }
  if (schema === undefined) {
    const [unknown] = Object.keys(values);
    if (unknown !== undefined) throw new Refusal(400, [unknownParameter(unknown)]);
    return undefined;
  }
  const parsed = schema.safeParse(values);
  if (parsed.success) return parsed.data;
  const items = parsed.error.issues
    .slice(0, MOST_PROBLEMS)
    .flatMap((issue) =>
      issue.code === "unrecognized_keys"
        ? issue.keys.slice(0, MOST_PROBLEMS).map(unknownParameter)
        : [invalidParameter(String(issue.path[0]), issue.message, values)],
    );
  const [first, ...rest] = items.slice(0, MOST_PROBLEMS);
  throw first === undefined ? parsed.error : new Refusal(400, [first, ...rest]);
}

/** What was not given can't be pointed at. */
function invalidParameter(parameter: string, detail: string, given: Record<string, string>): ErrorItem {
  const code = "invalid_parameter";
  if (!Object.hasOwn(given, parameter)) return { code, detail: `${parameter}: ${detail}` };
  return { code, detail, source: { parameter } };
}

/** What follows the first question mark: a later one belongs to a value. */
export function queryOf(url: string): string {
  const start = url.indexOf("?");
  return start === -1 ? "" : url.slice(start + 1);
}

function unknownParameter(parameter: string): ErrorItem {
  const detail = "This endpoint does not know this parameter.";
  return { code: "unknown_parameter", detail, source: { parameter } };
}
