import { STATUS_CODES } from "node:http";
import type { Endpoint } from "../http/endpoint.ts";
import { JSON_API } from "../http/negotiate.ts";
import type { JsonSchema } from "../lib/json-schema-of.ts";
import { ERROR_CODES } from "./error-codes.ts";
import { camelCase, pascalCase } from "./names.ts";
import type { Reference, Response } from "./openapi-types.ts";
import type { Registry } from "./registry.ts";
import { exactly, text } from "./resource-schema.ts";

/** The refusals an endpoint may answer with, each a reference to the response of its status. */
export function errorResponses(
  endpoint: Endpoint,
  { responses, schemas }: { responses: Registry<Response>; schemas: Registry<JsonSchema> },
): Record<string, Reference> {
  const entries = statusesOf(endpoint).map((status) => {
    const name = pascalCase(camelCase((STATUS_CODES[status] ?? "Error").replaceAll(" ", "_").toLowerCase()));
    return [String(status), responses.refer(name, () => errorResponse(status, schemas))];
  });
  return Object.fromEntries(entries);
}

function statusesOf({ method, body, who, environmentFrom }: Endpoint): number[] {
  const withBody = body === undefined ? [] : [413, 415, 422];
  const nothingToMiss = environmentFrom === "none" && method === "POST";
  return [
    ...[400, 401, 403],
    ...(nothingToMiss ? [] : [404]),
    406,
    ...(method === "GET" ? [] : [409]),
    ...withBody,
    ...(who === "operator" ? [] : [429]),
    ...[500, 503],
  ];
}

function errorResponse(status: number, schemas: Registry<JsonSchema>): Response {
  const codes = ERROR_CODES[status] ?? {};
  const items = Object.entries(codes).map(([code, meaning]) => `- \`${code}\`: ${meaning}`);
  const wait = { description: "Seconds to wait.", schema: { type: "string" } };
  return {
    description: [`${STATUS_CODES[status]}. The codes of this status:`, "", ...items].join("\n"),
    ...([429, 503].includes(status) ? { headers: { "Retry-After": wait } } : {}),
    content: { [JSON_API]: { schema: schemas.refer("Errors", errorDocumentSchema) } },
  };
}

function errorDocumentSchema(): JsonSchema {
  const source = {
    description: "Where in the request the trouble lies: one of the three.",
    ...exactly(
      {
        pointer: text("JSON pointer into the body."),
        parameter: text("Name of a query parameter."),
        header: text("Name of a header."),
      },
      [],
    ),
  };
  const error = {
    id: text("The request's id."),
    status: text("The HTTP status."),
    title: text("What the status is called."),
    code: { type: "string", enum: codes(), description: "Stable, for programs." },
    detail: text("What is wrong and what to do, for people."),
    source,
  };
  const items = exactly(error, ["id", "status", "title", "code", "detail"]);
  return exactly({ errors: { type: "array", minItems: 1, items }, meta: exactly({ request_id: text() }) });
}

function codes(): string[] {
  return [...new Set(Object.values(ERROR_CODES).flatMap((ofStatus) => Object.keys(ofStatus)))];
}
