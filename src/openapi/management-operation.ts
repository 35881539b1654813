import { environmentOf, whoMay } from "../access/allow.ts";
import type { Answers, Endpoint } from "../http/endpoint.ts";
import { JSON_API } from "../http/negotiate.ts";
import { exampleId } from "../lib/id.ts";
import { jsonSchemaOf } from "../lib/json-schema-of.ts";
import { documentSchema } from "./answer-schema.ts";
import { exampleAnswer } from "./example-answer.ts";
import { exampleRequest } from "./example-request.ts";
import { exampleValue } from "./example-values.ts";
import { idParameter } from "./id-parameter.ts";
import { idempotencyKeyHeader } from "./idempotency-key-header.ts";
import { managementErrors } from "./management-errors.ts";
import { pascalCase } from "./names.ts";
import type { MediaContent, Operation, Parameter, Reference, Response } from "./openapi-types.ts";
import { operationId } from "./operation-id.ts";
import { queryParameters } from "./query-parameters.ts";
import type { Registries, Registry } from "./registry.ts";
import { requestSchema } from "./request-schema.ts";
import { RESOURCE_TEXTS } from "./resource-texts.ts";
import { ENVIRONMENT_HEADER, extensionsOf, securityOf } from "./security.ts";
import { subjectOf } from "./subject-of.ts";

/** An endpoint of the Management API as OpenAPI tells it. */
export function managementOperation(endpoint: Endpoint, registries: Registries): Operation {
  const { summary, answers, allow } = endpoint;
  return {
    operationId: operationId(endpoint),
    tags: [subjectOf(endpoint).path],
    summary,
    description: whoMay(allow, seenBy(endpoint)),
    parameters: parametersOf(endpoint, registries.parameters),
    ...requestBody(endpoint, registries),
    responses: {
      [String(answers.status)]: success(endpoint, registries),
      ...managementErrors(endpoint, registries),
    },
    security: securityOf(allow),
    ...extensionsOf(allow),
  };
}

/** Which signed-in users see which rows, where every one of them may read. */
function seenBy({ method, allow, answers }: Endpoint): string | undefined {
  if (method !== "GET" || allow.kind !== "signedIn" || answers.data === undefined) return undefined;
  return RESOURCE_TEXTS[answers.data.type]?.seen;
}

/** The path with an id where it takes one. */
function examplePath(endpoint: Endpoint): string {
  return endpoint.path.replace(":id", exampleId(subjectOf(endpoint).prefix));
}

function parametersOf(endpoint: Endpoint, parameters: Registry<Parameter>): Array<Parameter | Reference> {
  const { path, allow } = endpoint;
  const subject = subjectOf(endpoint);
  const id = () => idParameter("id", subject);
  return [
    ...(path.includes(":id") ? [parameters.refer(`${pascalCase(subject.type)}Id`, id)] : []),
    ...(environmentOf(allow) === "request"
      ? [parameters.refer("Environment", () => ENVIRONMENT_HEADER)]
      : []),
    ...idempotencyKeyHeader(endpoint, parameters),
    ...queryParameters(endpoint, parameters),
  ];
}

function requestBody(endpoint: Endpoint, { schemas }: Registries): Pick<Operation, "requestBody"> {
  const { body, text } = endpoint;
  if (body === undefined) return {};
  const schema = body.schema();
  const example = exampleRequest(schema, subjectOf(endpoint).type);
  const content = {
    [JSON_API]: { schema: requestSchema(schema, endpoint, schemas), example },
    ...(text && { [text.mediaType]: textContent(text) }),
  };
  return { requestBody: { required: (schema.required ?? []).length > 0, content } };
}

function textContent({ description, example, query }: NonNullable<Endpoint["text"]>): MediaContent {
  const needed = jsonSchemaOf(query, "input").required ?? [];
  return {
    schema: { type: "string", description },
    example,
    "x-query": Object.fromEntries(needed.map((name) => [name, exampleValue("query", name)])),
  };
}

function success(endpoint: Endpoint, { schemas }: Registries): Response {
  const { answers } = endpoint;
  const schema = documentSchema(answers, { schemas, complete: false });
  const located = answers.status === 201 || answers.status === 202;
  const where = { description: "Where the resource is.", schema: { type: "string" } };
  return {
    description: DESCRIPTIONS[answers.status],
    ...(located ? { headers: { Location: where } } : {}),
    ...(schema === undefined
      ? {}
      : {
          content: {
            [JSON_API]: {
              schema,
              example: exampleAnswer(answers, examplePath(endpoint), operationId(endpoint)),
            },
          },
        }),
  };
}

const DESCRIPTIONS: Record<Answers["status"], string> = {
  200: "Done.",
  201: "Created.",
  202: "Begun: it goes on in the background.",
  204: "Done; there is nothing to say.",
};
