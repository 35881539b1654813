import type { Endpoint } from "../http/endpoint.ts";
import type { JsonSchema } from "../lib/json-schema-of.ts";
import { BRIDGE_ERROR_CODES } from "./bridge-error-codes.ts";
import { codesIn, errorResponses } from "./error-responses.ts";
import type { Reference } from "./openapi-types.ts";
import type { Registries } from "./registry.ts";
import { exactly, text } from "./resource-schema.ts";

const FACE = {
  prefix: "Bridge",
  codes: BRIDGE_ERROR_CODES,
  mediaType: "application/json",
  schema: { name: "BridgeError", build: envelopeSchema },
};

export function bridgeErrors(endpoint: Endpoint, registries: Registries): Record<string, Reference> {
  return errorResponses(statusesOf(endpoint), FACE, registries);
}

function statusesOf({ method, body, allow }: Endpoint): number[] {
  return [
    ...[400, 401, 403, 404],
    ...(method === "GET" ? [] : [409]),
    ...(body === undefined ? [] : [413, 415]),
    ...(method === "GET" ? [] : [422]),
    ...(allow.kind === "program" ? [] : [429]),
    ...[431, 500, 503],
  ];
}

function envelopeSchema(): JsonSchema {
  const code = { type: "string", enum: codesIn(BRIDGE_ERROR_CODES), description: "Stable, for programs." };
  const field = exactly({
    field: text("A field of the body, with dots where it lies deeper: `metadata.note`; or a parameter."),
    code,
    error: text("What is wrong with it."),
  });
  const members = {
    success: { type: "boolean", const: false },
    error: text("What is wrong, for people."),
    code,
    request_id: text("What support asks for: `X-Request-Id` of the answer."),
    hint: text("What helps, where something does."),
    fields: {
      type: "array",
      minItems: 1,
      items: field,
      description: "Each field or parameter that is wrong, for a form to say so beside it.",
    },
  };
  return exactly(members, ["success", "error", "code", "request_id"]);
}
