import { whoMay } from "../access/allow.ts";
import type { Endpoint } from "../http/endpoint.ts";
import { bridgeAnswer, otherAnswer } from "./bridge-answer.ts";
import { bridgeErrors } from "./bridge-errors.ts";
import { bridgeParameters } from "./bridge-parameters.ts";
import { bridgeRequest } from "./bridge-request.ts";
import type { Operation } from "./openapi-types.ts";
import type { Registries } from "./registry.ts";
import { extensionsOf, securityOf } from "./security.ts";

/** An endpoint of the Bridge API as OpenAPI tells it. */
export function bridgeOperation(endpoint: Endpoint, registries: Registries): Operation {
  const { operationId = "", tag = "", summary, answers, allow } = endpoint;
  return {
    operationId,
    tags: [tag],
    summary,
    description: whoMay(allow),
    parameters: bridgeParameters(endpoint, registries),
    ...bridgeRequest(endpoint, registries),
    responses: {
      [String(answers.status)]: bridgeAnswer(endpoint, registries),
      ...(answers.otherwise === undefined ? {} : otherAnswer(answers.otherwise, registries)),
      ...bridgeErrors(endpoint, registries),
    },
    security: securityOf(allow),
    ...extensionsOf(allow),
  };
}
