import type { IncomingHttpHeaders } from "node:http";
import type { z } from "zod";
import { badRequest, type ErrorItem, MOST_PROBLEMS, Refusal } from "../errors.ts";
import { decodeText } from "./decode-text.ts";
import type { Api, Endpoint, Incoming, TextForm } from "./endpoint.ts";
import { parseMediaType } from "./negotiate.ts";
import { type Parsed, parseJson, refuseUnstorable } from "./parse-json.ts";
import { readBytes, readText } from "./read-body.ts";

/** A request's body and query as the endpoint declares them, and the body as it was sent. */
export interface Input {
  body: unknown;
  query: unknown;
  sent: unknown;
}

/** Reads query and body. @param limit the most bytes of a body. @throws a Refusal that says what is wrong with them. */
export async function readInput(
  endpoint: Endpoint,
  api: Api,
  incoming: Incoming,
  limit: number,
): Promise<Input> {
  const form = formIn(endpoint, incoming.headers);
  if (form !== undefined) return { ...(await readForm(form, incoming, limit)), query: undefined };
  // Before the query: otherwise parameters of the other form would be reported as unknown.
  if (endpoint.text !== undefined && incoming.headers["content-type"] !== undefined)
    requireBodyType(api, endpoint.text, incoming.headers);
  const query = readQuery(endpoint.query, incoming.url);
  // Even a body that the endpoint ignores must be a document of the API.
  const sent = endpoint.method === "GET" ? undefined : await readDocument(endpoint, api, incoming, limit);
  const body = endpoint.body?.read(sent?.value, incoming.params);
  // Last, because a more specific rule, such as one for amounts, gives a better error for 1e400.
  if (endpoint.body !== undefined && sent?.inexact !== undefined) throw sent.inexact;
  return { body, query, sent: sent?.value };
}

/**
 * Reads a document. Many clients send a Content-Type without a body, which is an error only if the endpoint needs one.
 * @returns undefined for a missing body.
 */
async function readDocument(
  { body }: Endpoint,
  api: Api,
  { raw, headers }: Incoming,
  limit: number,
): Promise<Parsed | undefined> {
  const text = await readText(raw, limit);
  const isNeeded = body !== undefined && body.optional !== true;
  if (isNeeded ? text === "" && !isAnnounced(headers, api) : text.trim() === "") return undefined;
  api.requireBodyType(headers);
  if (text === "" && api.emptyBody !== null) throw badRequest("empty_body", api.emptyBody);
  return parseJson(text, limit);
}

function isAnnounced(headers: IncomingHttpHeaders, api: Api): boolean {
  return headers["content-type"] !== undefined && api.emptyBody !== null;
}

/** Refuses any type but the API's, in a sentence that also mentions the text form. */
function requireBodyType(api: Api, form: TextForm<unknown>, headers: IncomingHttpHeaders): void {
  try {
    api.requireBodyType(headers);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const [item] = error.items;
    throw new Refusal(error.status, [{ ...item, detail: `${item.detail} ${form.otherwise}` }]);
  }
}

function formIn({ text }: Endpoint, headers: IncomingHttpHeaders): TextForm<unknown> | undefined {
  const { type } = parseMediaType(headers["content-type"] ?? "");
  return text !== undefined && [text.mediaType, ...text.alsoTaken].includes(type) ? text : undefined;
}

async function readForm(
  form: TextForm<unknown>,
  { raw, url, headers }: Incoming,
  limit: number,
): Promise<{ body: unknown; sent: string }> {
  const query = readQuery(form.query, url);
  const bytes = await readBytes(raw, limit);
  const { parameters } = parseMediaType(headers["content-type"] ?? "");
  const charset = parameters.find((parameter) => parameter.startsWith("charset="));
  const sent = decodeText(bytes, charset?.slice("charset=".length).replaceAll('"', "") || undefined);
  refuseUnstorable(sent);
  return { body: await form.read(sent, query), sent };
}

/**
 * Reads the query string by a schema of the endpoint's parameters.
 * @returns undefined if the endpoint has no parameters.
 * @throws 400 that names each parameter that is unknown, repeated or invalid.
 */
export function readQuery(schema: z.ZodType | undefined, url: string): unknown {
  const given = new URLSearchParams(queryOf(url));
  // Without a prototype, so that `__proto__` is a parameter like any other.
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

/** Names the parameter as the source only if it was sent. */
function invalidParameter(parameter: string, detail: string, given: Record<string, string>): ErrorItem<400> {
  const code = "invalid_parameter";
  if (!Object.hasOwn(given, parameter)) return { code, detail: `${parameter}: ${detail}` };
  return { code, detail, source: { parameter } };
}

/** Returns the query after the first question mark. Further question marks belong to values. */
export function queryOf(url: string): string {
  const start = url.indexOf("?");
  return start === -1 ? "" : url.slice(start + 1);
}

function unknownParameter(parameter: string): ErrorItem<400> {
  const detail = "This endpoint does not know this parameter.";
  return { code: "unknown_parameter", detail, source: { parameter } };
}
