import { STATUS_CODES } from "node:http";
import type { JsonSchema } from "../lib/json-schema-of.ts";
import type { ErrorCodes } from "./error-codes.ts";
import { camelCase, pascalCase } from "./names.ts";
import type { Reference, Response } from "./openapi-types.ts";
import type { Registries } from "./registry.ts";

/** How a face says no. */
export interface FaceErrors {
  /** What the names of its components begin with. */
  prefix: string;
  codes: ErrorCodes;
  mediaType: string;
  schema: { name: string; build(): JsonSchema };
}

/** The refusals an endpoint may answer with, each a reference to the response of its status. */
export function errorResponses(
  statuses: number[],
  face: FaceErrors,
  registries: Pick<Registries, "responses" | "schemas">,
): Record<string, Reference> {
  const entries = statuses.map((status) => {
    const words = (STATUS_CODES[status] ?? "Error").replaceAll(" ", "_").toLowerCase();
    const name = face.prefix + pascalCase(camelCase(words));
    return [String(status), registries.responses.refer(name, () => errorResponse(status, face, registries))];
  });
  return Object.fromEntries(entries);
}

function errorResponse(
  status: number,
  { codes, mediaType, schema }: FaceErrors,
  { schemas }: Pick<Registries, "schemas">,
): Response {
  const items = Object.entries(codes[status] ?? {}).map(([code, meaning]) => `- \`${code}\`: ${meaning}`);
  const wait = { description: "Seconds to wait, where waiting helps.", schema: { type: "string" } };
  return {
    description: [`${STATUS_CODES[status]}. The codes of this status:`, "", ...items].join("\n"),
    ...([409, 429, 503].includes(status) ? { headers: { "Retry-After": wait } } : {}),
    content: { [mediaType]: { schema: schemas.refer(schema.name, schema.build) } },
  };
}

/** Every code once: some have more than one status. */
export function codesIn(codes: ErrorCodes): string[] {
  return [...new Set(Object.values(codes).flatMap((ofStatus) => Object.keys(ofStatus)))];
}
