import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type { Endpoint } from "../../src/http/endpoint.ts";
import { allEndpoints } from "../../src/management/all-resources.ts";
import { answerSchema } from "../../src/reference/json-api-schemas.ts";
import { openapiDocument } from "../../src/reference/openapi-document.ts";

const ajv = new Ajv2020({ strict: false, allErrors: true, allowUnionTypes: true });
addFormats.default(ajv);
const validators = new Map<string, ValidateFunction>();

/**
 * Returns the problems of a Management API response, compared with the responses that its endpoint declares. An error
 * is compared with the schema of error documents.
 * @param url path and query of the request.
 */
export function answerProblems(
  method: string,
  url: string,
  { status, body }: { status: number; body: unknown },
): string[] {
  const [path = "", query = ""] = url.split("?");
  const endpoint = endpointOf(method, path);
  if (status >= 400) return problems("errors", errorSchema, body);
  if (endpoint === undefined) return [`${method} ${path} is no endpoint`];
  if (status !== endpoint.answers.status) return [`${status} instead of ${endpoint.answers.status}`];
  const complete = !decodeURIComponent(query).includes("fields[");
  const schema = () => answerSchema(endpoint.answers, { complete });
  if (schema() === undefined) return body === undefined ? [] : ["a document where there should be none"];
  return problems(`${endpoint.method} ${endpoint.path} ${complete}`, () => schema() ?? {}, body);
}

function endpointOf(method: string, path: string): Endpoint | undefined {
  return allEndpoints.find(
    (endpoint) =>
      endpoint.method === method && new RegExp(`^${endpoint.path.replace(":id", "[^/]+")}$`).test(path),
  );
}

function errorSchema(): object {
  const { schemas } = openapiDocument().components;
  return { ...schemas.Errors, components: { schemas } };
}

function problems(key: string, schema: () => object, body: unknown): string[] {
  const validate = validators.get(key) ?? ajv.compile(schema());
  validators.set(key, validate);
  validate(body);
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}
