import { STATUS_CODES } from "node:http";
import type { JsonSchema } from "../lib/json-schema-of.ts";
import { camelCase, pascalCase } from "../lib/names.ts";
import type { Components } from "./components.ts";
import type { DocumentedErrors } from "./documented-errors.ts";
import type { Reference, Response } from "./openapi-types.ts";

/** What the errors of an API look like. */
export interface ApiErrors {
  /** The start of its components' names. */
  prefix: string;
  codes: DocumentedErrors;
  mediaType: string;
  schema: { name: string; build(): JsonSchema };
}

/** The errors an endpoint may answer with, each a reference to the response of its status. */
export function errorResponses(
  statuses: number[],
  api: ApiErrors,
  components: Pick<Components, "responses" | "schemas">,
): Record<string, Reference> {
  const entries = statuses.map((status) => {
    const words = (STATUS_CODES[status] ?? "Error").replaceAll(" ", "_").toLowerCase();
    const name = api.prefix + pascalCase(camelCase(words));
    return [String(status), components.responses.refer(name, () => errorResponse(status, api, components))];
  });
  return Object.fromEntries(entries);
}

function errorResponse(
  status: number,
  { codes, mediaType, schema }: ApiErrors,
  { schemas }: Pick<Components, "schemas">,
): Response {
  const items = Object.entries(codes[status] ?? {}).map(([code, meaning]) => `- \`${code}\`: ${meaning}`);
  const wait = { description: "Seconds to wait, if waiting helps.", schema: { type: "string" } };
  return {
    description: [`${STATUS_CODES[status]}. The codes of this status:`, "", ...items].join("\n"),
    ...([409, 429, 503].includes(status) ? { headers: { "Retry-After": wait } } : {}),
    content: { [mediaType]: { schema: schemas.refer(schema.name, schema.build) } },
  };
}
