import type { z } from "zod";
import type { Answers, Endpoint, Records } from "../http/endpoint.ts";
import { exampleOf } from "../lib/json-schema-of.ts";
import { envelopeSchema } from "./bridge-schema.ts";
import { bridgeTagOf } from "./bridge-tag-of.ts";
import { exampleValue } from "./example-values.ts";
import type { Response } from "./openapi-types.ts";
import type { Registries } from "./registry.ts";

/** What an endpoint answers when all goes well. */
export function bridgeAnswer(endpoint: Endpoint, { schemas }: Registries): Response {
  const { answers } = endpoint;
  const schema = envelopeSchema(answers, bridgeTagOf(endpoint).type, schemas);
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
  const record = exampleRecord(endpoint, records);
  if (records.holds === "record") return { success: true, data: record, ...said };
  const pagination = { total: 1, page: 1, pageSize: 20, totalPages: 1 };
  return { success: true, data: [record], meta: { pagination } };
}

/** The fields' examples, with what the example request sends and what the operation does. */
function exampleRecord(endpoint: Endpoint, { of }: Records): object {
  const { type } = bridgeTagOf(endpoint);
  const values = { ...(endpoint.body?.example as object | undefined), ...endpoint.answers.example };
  const fields = Object.entries<z.ZodType>(of.shape).map(([name, field]) => {
    const usual = exampleOf(field) ?? exampleValueOf(type, name);
    return [name, name in values ? Reflect.get(values, name) : usual];
  });
  return Object.fromEntries(fields);
}

/** Organizations have their examples in common with the Management API. */
function exampleValueOf(type: string, name: string): unknown {
  return (type === "organization" ? exampleValue(type, name) : undefined) ?? null;
}
