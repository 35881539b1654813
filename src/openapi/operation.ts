import type { Answers, Endpoint } from "../http/endpoint.ts";
import { JSON_API } from "../http/negotiate.ts";
import type { JsonSchema } from "../lib/json-schema-of.ts";
import { documentSchema } from "./answer-schema.ts";
import { errorResponses } from "./error-responses.ts";
import { exampleAnswer } from "./example-answer.ts";
import { exampleRequest } from "./example-request.ts";
import { exampleId } from "./example-values.ts";
import { pascalCase, spoken } from "./names.ts";
import type { Operation, Parameter, Reference, Response } from "./openapi-types.ts";
import { operationId } from "./operation-id.ts";
import { queryParameters } from "./query-parameters.ts";
import type { Registry } from "./registry.ts";
import { requestSchema } from "./request-schema.ts";
import { ENVIRONMENT_HEADER, securityOf } from "./security.ts";
import { subjectOf } from "./subject-of.ts";
import { whoMay } from "./who-may.ts";

/** The components an operation refers to. */
export interface Registries {
  schemas: Registry<JsonSchema>;
  parameters: Registry<Parameter>;
  responses: Registry<Response>;
}

/** An endpoint as OpenAPI tells it. */
export function operation(endpoint: Endpoint, registries: Registries): Operation {
  const { summary, answers, scope, permission, environmentPermission } = endpoint;
  return {
    operationId: operationId(endpoint),
    tags: [subjectOf(endpoint).path],
    summary,
    description: whoMay(endpoint),
    parameters: parametersOf(endpoint, registries.parameters),
    ...requestBody(endpoint, registries),
    responses: {
      [String(answers.status)]: success(answers, examplePath(endpoint), registries),
      ...errorResponses(endpoint, registries),
    },
    security: securityOf(endpoint),
    ...(scope === undefined ? {} : { "x-scope": scope }),
    ...(permission === undefined ? {} : { "x-permission": permission }),
    ...(environmentPermission === undefined ? {} : { "x-environment-permission": environmentPermission }),
  };
}

/** The path with an id where it takes one. */
export function examplePath(endpoint: Endpoint): string {
  return endpoint.path.replace(":id", exampleId(subjectOf(endpoint).prefix));
}

function parametersOf(endpoint: Endpoint, parameters: Registry<Parameter>): Array<Parameter | Reference> {
  const { path, environmentFrom = "request" } = endpoint;
  const { type, prefix } = subjectOf(endpoint);
  const id = (): Parameter => ({
    name: "id",
    in: "path",
    required: true,
    description: `The id of the ${spoken(type)}: \`${prefix}_…\`.`,
    schema: { type: "string", example: exampleId(prefix) },
  });
  return [
    ...(path.includes(":id") ? [parameters.refer(`${pascalCase(type)}Id`, id)] : []),
    ...(environmentFrom === "request" ? [parameters.refer("Environment", () => ENVIRONMENT_HEADER)] : []),
    ...queryParameters(endpoint, parameters),
  ];
}

function requestBody(endpoint: Endpoint, { schemas }: Registries): Pick<Operation, "requestBody"> {
  if (endpoint.body === undefined) return {};
  const schema = endpoint.body.schema();
  const example = exampleRequest(schema, subjectOf(endpoint).type);
  const content = { [JSON_API]: { schema: requestSchema(schema, endpoint, schemas), example } };
  return { requestBody: { required: (schema.required ?? []).length > 0, content } };
}

function success(answers: Answers, url: string, { schemas }: Registries): Response {
  const schema = documentSchema(answers, { schemas, complete: false });
  const located = answers.status === 201 || answers.status === 202;
  const where = { description: "Where the resource is.", schema: { type: "string" } };
  return {
    description: DESCRIPTIONS[answers.status],
    ...(located ? { headers: { Location: where } } : {}),
    ...(schema === undefined
      ? {}
      : { content: { [JSON_API]: { schema, example: exampleAnswer(answers, url) } } }),
  };
}

const DESCRIPTIONS: Record<Answers["status"], string> = {
  200: "Done.",
  201: "Created.",
  202: "Begun: it goes on in the background.",
  204: "Done; there is nothing to say.",
};
