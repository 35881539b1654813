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
import { inlineCode } from "./inline-code.ts";
import { typeText } from "./type-text.ts";

/** An operation with where it stands in the document. */
export interface Described {
  path: string;
  method: Method;
  operation: Operation;
}

export interface Row {
  name: string;
  type: string;
  text: string;
}

/** An endpoint as the page shows it. */
export interface EndpointView {
  anchor: string;
  method: string;
  path: string;
  summary: string;
  who: string;
  parameters: Row[];
  command: string;
  /** The same in another form: what it is, and the command. */
  other: { mediaType: string; text: string; command: string } | null;
  status: string;
  meaning: string;
  answer: string | null;
}

/** @param inBody what of the body is listed with the parameters. @param command the request as a shell has it. @param other the same in another form. */
export function presentEndpoint(
  { path, method, operation }: Described,
  document: OpenApiDocument,
  {
    command,
    other = null,
    inBody,
  }: { command: string; other?: EndpointView["other"]; inBody: Record<string, JsonSchema> },
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
    parameters: [
      ...parametersOf(operation, document),
      ...Object.entries(inBody).map(([name, schema]) => row(name, schema, schema.description)),
    ],
    command,
    other,
    status,
    meaning: description,
    answer: answer === undefined ? null : formatJson(answer, 78),
  };
}

/** Everything under a tag, in the order it is declared. */
export function operationsUnder(tag: string, { paths }: OpenApiDocument): Described[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([, { tags }]) => tags.includes(tag))
      .map(([method, operation]) => ({ path, method: method as Method, operation })),
  );
}

/** Parameters with their references followed. */
export function followed({ parameters = [] }: Operation, { components }: OpenApiDocument): Parameter[] {
  return parameters.flatMap((item) => {
    const name = "$ref" in item ? (item.$ref.split("/").at(-1) ?? "") : undefined;
    return name === undefined ? (item as Parameter) : (components.parameters[name] ?? []);
  });
}

export function componentOf(
  schema: JsonSchema | undefined,
  { components }: OpenApiDocument,
): JsonSchema | undefined {
  return components.schemas[schema?.$ref?.split("/").at(-1) ?? ""];
}

/** The body's schema, of whatever media type. */
export function bodySchema({ requestBody }: Operation, document: OpenApiDocument): JsonSchema | undefined {
  return componentOf(Object.values(requestBody?.content ?? {})[0]?.schema, document);
}

export function exampleIn(content: Record<string, MediaContent> | undefined): unknown {
  return Object.values(content ?? {})[0]?.example;
}

/** Without what the guide says once for all: the environment, and `fields[…]` of every type. */
function parametersOf(operation: Operation, document: OpenApiDocument): Row[] {
  return followed(operation, document)
    .filter(({ name, in: where }) => where !== "header" && !name.startsWith("fields["))
    .map(({ name, description, schema: { maxLength: _, ...schema } }) => row(name, schema, description));
}

function row(name: string, schema: JsonSchema, text = ""): Row {
  return { name, type: typeText(schema), text: inlineCode(text) };
}
