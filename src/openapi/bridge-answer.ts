import type { Answers, Endpoint, Records } from "../http/endpoint.ts";
import { BRIDGE_OUTCOMES, BRIDGE_VALUES } from "./bridge-example-records.ts";
import { BRIDGE_REQUESTS } from "./bridge-example-requests.ts";
import { type BridgeGroup, bridgeGroupOf } from "./bridge-groups.ts";
import { bridgeOperationId } from "./bridge-operation-id.ts";
import { envelopeSchema } from "./bridge-schema.ts";
import { exampleId, exampleValue } from "./example-values.ts";
import type { Response } from "./openapi-types.ts";
import type { Registries } from "./registry.ts";

/** What an endpoint answers when all goes well. */
export function bridgeAnswer(endpoint: Endpoint, { schemas }: Registries): Response {
  const { answers } = endpoint;
  const schema = envelopeSchema(answers, bridgeGroupOf(endpoint).type, schemas);
  return {
    description: answers.status === 201 ? "Created." : "Done.",
    content: { "application/json": { schema, example: exampleEnvelope(endpoint) } },
  };
}

/** What it answers where a setting has something else done. */
export function otherAnswer(
  { status, message, when }: NonNullable<Answers["otherwise"]>,
  { schemas }: Registries,
): Record<string, Response> {
  const schema = envelopeSchema({ status, message }, "", schemas);
  const content = { "application/json": { schema, example: { success: true, message } } };
  return { [String(status)]: { description: when, content } };
}

function exampleEnvelope(endpoint: Endpoint): object {
  const { records, message } = endpoint.answers;
  const said = message === undefined ? {} : { message };
  if (records === undefined) return { success: true, ...said };
  const record = exampleRecord(records, bridgeGroupOf(endpoint), bridgeOperationId(endpoint));
  if (records.holds === "record") return { success: true, data: record, ...said };
  const pagination = { total: 1, page: 1, pageSize: 20, totalPages: 1 };
  return { success: true, data: [record], meta: { pagination } };
}

/** The record as it usually is, with what the request said and what came of it. */
function exampleRecord({ of }: Records, { type, prefix }: BridgeGroup, operation: string): object {
  const values = new Map<string, unknown>([
    ["id", exampleId(prefix)],
    ...Object.entries(BRIDGE_REQUESTS[operation] ?? {}),
    ...Object.entries(BRIDGE_OUTCOMES[operation] ?? {}),
  ]);
  const names = Object.keys(of.shape);
  return Object.fromEntries(
    names.map((name) => [name, values.has(name) ? values.get(name) : usualValue(type, name)]),
  );
}

function usualValue(type: string, name: string): unknown {
  return BRIDGE_VALUES[`${type}.${name}`] ?? BRIDGE_VALUES[name] ?? exampleValue(type, name) ?? null;
}
