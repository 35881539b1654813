import { environmentOf } from "../access/allow.ts";
import type { Endpoint } from "../http/endpoint.ts";
import { JSON_API } from "../http/negotiate.ts";
import type { JsonSchema } from "../lib/json-schema-of.ts";
import { ERROR_CODES } from "./error-codes.ts";
import { codesIn, errorResponses } from "./error-responses.ts";
import type { Reference } from "./openapi-types.ts";
import type { Registries } from "./registry.ts";
import { exactly, text } from "./resource-schema.ts";

const FACE = {
  prefix: "",
  codes: ERROR_CODES,
  mediaType: JSON_API,
  schema: { name: "Errors", build: errorDocumentSchema },
};

export function managementErrors(endpoint: Endpoint, registries: Registries): Record<string, Reference> {
  return errorResponses(statusesOf(endpoint), FACE, registries);
}

function statusesOf({ method, body, allow }: Endpoint): number[] {
  const withBody = body === undefined ? [] : [413, 415];
  const nothingToMiss = environmentOf(allow) === "none" && method === "POST";
  return [
    ...[400, 401, 403],
    ...(nothingToMiss ? [] : [404]),
    406,
    ...(method === "GET" ? [] : [409]),
    ...withBody,
    ...(method === "GET" ? [] : [422]),
    ...(allow.kind === "operator" ? [] : [429]),
    ...[431, 500, 503],
  ];
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
    code: { type: "string", enum: codesIn(ERROR_CODES), description: "Stable, for programs." },
    detail: text("What is wrong and what to do, for people."),
    source,
  };
  const items = exactly(error, ["id", "status", "title", "code", "detail"]);
  return exactly({ errors: { type: "array", minItems: 1, items }, meta: exactly({ request_id: text() }) });
}
