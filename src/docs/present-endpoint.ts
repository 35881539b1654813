import { formatJson } from "../lib/format-json.ts";
import type { JsonSchema } from "../lib/json-schema-of.ts";
import type {
  MediaContent,
  Method,
  OpenApiDocument,
  Operation,
  Parameter,
  Response,
} from "../openapi/openapi-types.ts";
import { curl, OPERATOR } from "./curl.ts";
import { inlineCode } from "./inline-code.ts";
import { typeText } from "./type-text.ts";

/** An endpoint as the page shows it. */
export interface EndpointView {
  anchor: string;
  method: string;
  path: string;
  summary: string;
  who: string;
  permission: string | null;
  scope: string | null;
  parameters: Array<{ name: string; type: string; text: string }>;
  command: string;
  status: string;
  meaning: string;
  answer: string | null;
}

export function presentEndpoint(
  path: string,
  method: Method,
  operation: Operation,
  document: OpenApiDocument,
): EndpointView {
  const [status = "", success] = Object.entries(operation.responses)[0] ?? [];
  const { description, content } = success as Response;
  const answer = exampleIn(content);
  return {
    anchor: operation.operationId,
    method: method.toUpperCase(),
    path,
    summary: inlineCode(operation.summary),
    who: inlineCode(operation.description),
    permission: operation["x-permission"] ?? operation["x-environment-permission"] ?? null,
    scope: operation["x-scope"] ?? null,
    parameters: parametersOf(operation, document),
    command: commandOf(path, method, operation, document),
    status,
    meaning: description,
    answer: answer === undefined ? null : formatJson(answer, 78),
  };
}

function followed({ parameters = [] }: Operation, document: OpenApiDocument): Parameter[] {
  return parameters.flatMap((item) => {
    const name = "$ref" in item ? (item.$ref.split("/").at(-1) ?? "") : undefined;
    return name === undefined ? (item as Parameter) : (document.components.parameters[name] ?? []);
  });
}

/** Without what the guide says once for all: the environment, and `fields[…]` of every type. */
function parametersOf(operation: Operation, document: OpenApiDocument): EndpointView["parameters"] {
  const shown = followed(operation, document).filter(
    ({ name, in: where }) => where !== "header" && !name.startsWith("fields["),
  );
  const inMeta = Object.entries(metaOf(operation, document)).map(([name, schema]) => ({
    name: `meta.${name}`,
    type: typeText(schema),
    text: inlineCode(schema.description ?? ""),
  }));
  const inUrl = shown.map(({ name, description, schema: { maxLength: _, ...schema } }) => ({
    name,
    type: typeText(schema),
    text: inlineCode(description),
  }));
  return [...inUrl, ...inMeta];
}

/** What an action takes in its body's `meta`. */
function metaOf({ requestBody }: Operation, { components }: OpenApiDocument): Record<string, JsonSchema> {
  const schema = Object.values(requestBody?.content ?? {})[0]?.schema;
  const body = components.schemas[schema?.$ref?.split("/").at(-1) ?? ""];
  return body?.properties?.meta?.properties ?? {};
}

function commandOf(path: string, method: Method, operation: Operation, document: OpenApiDocument): string {
  const id = followed(operation, document).find(({ name }) => name === "id");
  const inEnvironment = followed(operation, document).some(({ name }) => name === "X-Environment");
  const body = exampleIn(operation.requestBody?.content);
  const url = path.replace("{id}", String(id?.schema.example ?? ""));
  const isOpen = operation.security.some((choice) => Object.keys(choice).length === 0);
  const credential = isOpen ? "" : OPERATOR;
  return curl({ method: method.toUpperCase(), url, body, credential, inEnvironment });
}

function exampleIn(content: Record<string, MediaContent> | undefined): unknown {
  return Object.values(content ?? {})[0]?.example;
}
