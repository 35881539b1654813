import type { Endpoint } from "../http/endpoint.ts";
import type { ApiDescription } from "./api-description.ts";
import { type Components, referToEqual } from "./components.ts";
import { errorResponses } from "./error-responses.ts";
import type { Operation, Response } from "./openapi-types.ts";
import { parametersOf } from "./parameters.ts";
import { withoutDefaults } from "./schemas.ts";
import { extensionsOf, securityOf } from "./security.ts";

/** Documents an endpoint. */
export function operationOf(endpoint: Endpoint, api: ApiDescription, components: Components): Operation {
  const { operationId, tag = "", summary, answers, allow } = endpoint;
  return {
    operationId,
    tags: [tag],
    summary,
    description: api.whoMay(endpoint),
    parameters: parametersOf(endpoint, api, components.parameters),
    ...requestBody(endpoint, api, components),
    responses: {
      [String(answers.status)]: success(endpoint, api, components),
      ...api.otherAnswers?.(endpoint, components),
      ...errorResponses(api.statusesOf(endpoint), api.errors, components),
    },
    security: securityOf(allow),
    ...extensionsOf(allow),
  };
}

function requestBody(
  endpoint: Endpoint,
  api: ApiDescription,
  { schemas }: Components,
): Pick<Operation, "requestBody"> {
  const { body } = endpoint;
  const schema = body?.schema();
  if (body === undefined || Object.keys(schema?.properties ?? {}).length === 0) return {};
  const described = withoutDefaults(schema ?? {});
  const content = {
    [api.errors.mediaType]: {
      schema: referToEqual(schemas, api.bodyName(endpoint, described), described),
      example: body.example?.(),
    },
    ...api.otherForms?.(endpoint),
  };
  return { requestBody: { required: api.isBodyRequired(endpoint), content } };
}

function success(endpoint: Endpoint, api: ApiDescription, components: Components): Response {
  const { status } = endpoint.answers;
  const located = api.errors.prefix === "" && (status === 201 || status === 202);
  const where = { description: "Where the resource is.", schema: { type: "string" } };
  const content = api.content(endpoint, components);
  return {
    description: DESCRIPTIONS[status],
    ...(located ? { headers: { Location: where } } : {}),
    ...(content === undefined ? {} : { content: { [api.errors.mediaType]: content } }),
  };
}

const DESCRIPTIONS = {
  200: "Done.",
  201: "Created.",
  202: "Started; it continues in the background.",
  204: "Done, without a body.",
};
