import { STATUS_CODES } from "node:http";
import { isDocumented } from "../is-documented.ts";
import type { ReadExchange } from "./exchange.ts";
import { type JsonObject, type Problems, strangersIn, toObject } from "./values.ts";

const MEMBERS = ["id", "links", "status", "code", "title", "detail", "source", "meta"];
const SOURCES = ["pointer", "parameter", "header"];

export function* checkErrors(errors: unknown, exchange: ReadExchange): Problems {
  if (!Array.isArray(errors) || errors.length === 0) return yield "errors is no array of at least one";
  for (const [index, value] of errors.entries()) {
    const where = `errors[${index}]`;
    const error = toObject(value);
    if (error === undefined) yield `${where} is no object`;
    else yield* checkError(error, where, exchange);
  }
}

function* checkError(
  error: JsonObject,
  where: string,
  { status, headers, ...exchange }: ReadExchange,
): Problems {
  for (const name of strangersIn(error, MEMBERS)) yield `${where} has a member ${name}`;
  if (error.id !== headers.get("X-Request-Id")) yield `${where}.id is not the request's`;
  if (error.status !== String(status)) yield `${where}.status is not "${status}"`;
  if (!isDocumented("management", status, error.code)) yield `${where}.code is not documented with ${status}`;
  if (error.title !== STATUS_CODES[status]) yield `${where}.title is not that of ${status}`;
  if (typeof error.detail !== "string" || error.detail === "") yield `${where}.detail is no text`;
  // Callers must not see our internals.
  if (/\bat .+:\d+:\d+|\b(select|insert|update|delete) .+ (from|into|set) /is.test(String(error.detail))) {
    yield `${where}.detail tells of our insides`;
  }
  if (!("source" in error)) return;
  const source = toObject(error.source) ?? {};
  if (Object.keys(source).length !== 1) yield `${where}.source has not one member`;
  for (const name of strangersIn(source, SOURCES)) yield `${where}.source has a member ${name}`;
  const { pointer, parameter, header } = source;
  if (pointer !== undefined && exchange.sent !== null && !pointsInto(exchange.request, pointer)) {
    yield `${where}.source.pointer ${pointer} points to nothing that was sent`;
  }
  if (parameter !== undefined && !exchange.parameters.has(String(parameter))) {
    yield `${where}.source.parameter ${parameter} was not in the query`;
  }
  if (header !== undefined && typeof header !== "string") yield `${where}.source.header is no name`;
}

/** Whether a JSON pointer (RFC 6901) names a value of the document. */
function pointsInto(document: unknown, pointer: unknown): boolean {
  if (typeof pointer !== "string" || document === undefined) return false;
  const [root, ...keys] = pointer.split("/");
  if (root !== "") return false;
  let value: unknown = document;
  for (const key of keys.map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return false;
    value = Reflect.get(value, key);
  }
  return true;
}
