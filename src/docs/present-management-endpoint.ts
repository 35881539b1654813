import type { JsonSchema } from "../lib/json-schema-of.ts";
import type { OpenApiDocument, Operation } from "../openapi/openapi-types.ts";
import { curl, OPERATOR } from "./curl.ts";
import { inlineCode } from "./inline-code.ts";
import {
  bodySchema,
  type Described,
  type EndpointView,
  exampleIn,
  followed,
  presentEndpoint,
} from "./present-endpoint.ts";

export function presentManagementEndpoint(described: Described, document: OpenApiDocument): EndpointView {
  const command = commandOf(described, document);
  const other = otherForm(described, document);
  return presentEndpoint(described, document, {
    command,
    other,
    inBody: metaOf(described.operation, document),
  });
}

/** What an action takes in its body's `meta`. */
function metaOf(operation: Operation, document: OpenApiDocument): Record<string, JsonSchema> {
  const members = Object.entries(bodySchema(operation, document)?.properties?.meta?.properties ?? {});
  return Object.fromEntries(members.map(([name, schema]) => [`meta.${name}`, schema]));
}

function commandOf(described: Described, document: OpenApiDocument): string {
  return curl({ ...callOf(described, document), body: exampleIn(described.operation.requestBody?.content) });
}

/** What its examples have in common, whatever form the body has. */
function callOf({ path, method, operation }: Described, document: OpenApiDocument) {
  const parameters = followed(operation, document);
  const id = parameters.find(({ name }) => name === "id");
  // An action on everything that matches is shown with one filter, or it would be about everything.
  const filter = parameters.find(
    ({ name, schema }) => name.startsWith("filter[") && schema.enum !== undefined,
  );
  const query = method === "get" || filter === undefined ? "" : `?${filter.name}=${filter.schema.enum?.[0]}`;
  const isOpen = operation.security.some((choice) => Object.keys(choice).length === 0);
  return {
    method: method.toUpperCase(),
    url: path.replace("{id}", String(id?.schema.example ?? "")) + query,
    credential: isOpen ? "" : OPERATOR,
    inEnvironment: parameters.some(({ name }) => name === "X-Environment"),
  };
}

/** The first form is a document of the API; a body may come in another, too. */
function otherForm(described: Described, document: OpenApiDocument): EndpointView["other"] {
  const [mediaType, content] = Object.entries(described.operation.requestBody?.content ?? {})[1] ?? [];
  if (mediaType === undefined || content === undefined) return null;
  const call = callOf(described, document);
  const query = Object.entries(content["x-query"] ?? {}).map(([name, value]) => `${name}=${value}`);
  const url = [call.url, ...(query.length > 0 ? [query.join("&")] : [])].join("?");
  const text = { mediaType, body: String(content.example) };
  return {
    mediaType,
    text: inlineCode(content.schema.description ?? ""),
    command: curl({ ...call, url, text }),
  };
}
