import type { z } from "zod";
import { whoMay } from "../access/allow.ts";
import { BRIDGE_TAGS, type BridgeTag } from "../bridge/all-bridge-endpoints.ts";
import type { Answers, Endpoint, Records } from "../http/endpoint.ts";
import { exampleOf, type JsonSchema, jsonSchemaOf } from "../lib/json-schema-of.ts";
import { pascalCase } from "../lib/names.ts";
import type { ApiDescription } from "./api-description.ts";
import type { Components } from "./components.ts";
import { codeSchema, documentedErrors } from "./documented-errors.ts";
import { exactly, listOf, text, withoutDefaults } from "./schemas.ts";

const JSON_TYPE = "application/json";

/** The Bridge API: plain JSON in an envelope. */
export const bridgeDescription: ApiDescription = {
  errors: {
    prefix: "Bridge",
    codes: documentedErrors.bridge,
    mediaType: JSON_TYPE,
    schema: { name: "BridgeError", build: errorSchema },
  },
  statusesOf,
  whoMay: ({ allow }) => whoMay(allow),
  subjectOf: tagOf,
  content: (endpoint, { schemas }) => ({
    schema: envelopeSchema(endpoint.answers, schemas),
    example: exampleEnvelope(endpoint),
  }),
  // An action that several resources have takes the same body everywhere, and is named after none of them.
  bodyName: ({ operationId }) => `${pascalCase(operationId).replace(/Of[A-Z]\w*$/, "")}Request`,
  isBodyRequired: ({ body }) => body !== undefined && !isOptional(body),
  otherAnswers({ answers: { otherwise } }, { schemas }) {
    if (otherwise === undefined) return {};
    const { status, message, when } = otherwise;
    const schema = envelopeSchema({ status, message }, schemas);
    const content = { [JSON_TYPE]: { schema, example: { success: true, message } } };
    return { [String(status)]: { description: when, content } };
  },
};

/** @throws for an endpoint without a known tag. */
function tagOf({ path, tag }: Endpoint): BridgeTag {
  const known = BRIDGE_TAGS.find((other) => other.tag === tag);
  if (known === undefined) throw new Error(`${path} has no tag of the Bridge API`);
  return known;
}

function isOptional(body: NonNullable<Endpoint["body"]>): boolean {
  try {
    body.read(undefined, {});
    return true;
  } catch {
    return false;
  }
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

function errorSchema(): JsonSchema {
  const code = codeSchema(documentedErrors.bridge);
  const field = exactly({
    field: text("A field of the body, with dots for nested ones: `metadata.note`; or a parameter."),
    code,
    error: text("What is wrong with it."),
  });
  const members = {
    success: { type: "boolean", const: false },
    error: text("What is wrong, for people."),
    code,
    request_id: text("What support asks for: `X-Request-Id` of the answer."),
    hint: text("How to fix it, if there is a way."),
    fields: {
      type: "array",
      minItems: 1,
      items: field,
      description: "Every invalid field or parameter, for a form to show beside it.",
    },
  };
  return exactly(members, ["success", "error", "code", "request_id"]);
}

const SUCCESS: JsonSchema = { type: "boolean", const: true };

/**
 * The envelope of an answer. One with a message of its own is written out where it is used, because no other is equal.
 */
function envelopeSchema({ records, message }: Answers, schemas: Components["schemas"]): JsonSchema {
  const said: Record<string, JsonSchema> =
    message === undefined ? {} : { message: { type: "string", const: message } };
  if (records === undefined) return exactly({ success: SUCCESS, ...said });
  const record = schemas.refer(`Bridge${records.name}`, () =>
    withoutDefaults(jsonSchemaOf(records.of, "output")),
  );
  const name = `Bridge${records.name}${records.holds === "page" ? "Page" : "Answer"}`;
  const build = () =>
    records.holds === "page"
      ? exactly({ success: SUCCESS, data: listOf(record), meta: metaSchema(schemas) })
      : exactly({ success: SUCCESS, data: record, ...said });
  return message === undefined ? schemas.refer(name, build) : build();
}

function metaSchema(schemas: Components["schemas"]): JsonSchema {
  const count = (description: string, minimum = 0) => ({ type: "integer", minimum, description });
  const pagination = schemas.refer("BridgePagination", () =>
    exactly({
      total: count("How many there are on all pages. Counted up to 10,000 beyond this page."),
      page: count("The page, from 1.", 1),
      pageSize: count("How many fit on a page, as `limit` says.", 1),
      totalPages: count("How many pages `total` fills; 0 if there is nothing."),
    }),
  );
  return exactly({ pagination });
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
  const values = { ...(endpoint.body?.example?.() as object | undefined), ...endpoint.answers.example };
  const fields = Object.entries<z.ZodType>(of.shape).map(([name, field]) => {
    const usual = exampleOf(field) ?? null;
    return [name, name in values ? Reflect.get(values, name) : usual];
  });
  return Object.fromEntries(fields);
}
