import { z } from "zod";
import { environmentOf, whoMay } from "../access/allow.ts";
import type { AnswerData, Answers, Endpoint } from "../http/endpoint.ts";
import { JSON_API } from "../http/negotiate.ts";
import { type ResourceType, resourceTypeNamed } from "../json-api/resource-type.ts";
import { exampleId } from "../lib/id.ts";
import { exampleOf, type JsonSchema, jsonSchemaOf } from "../lib/json-schema-of.ts";
import { pascalCase } from "../lib/names.ts";
import { resourceTypes } from "../management/all-resources.ts";
import type { ApiDescription } from "./api-description.ts";
import { codeSchema, documentedErrors } from "./documented-errors.ts";
import { documentSchema } from "./json-api-schemas.ts";
import type { MediaContent } from "./openapi-types.ts";
import { exactly, text } from "./schemas.ts";

/** The Management API: JSON:API documents. */
export const managementDescription: ApiDescription = {
  errors: {
    prefix: "",
    codes: documentedErrors.management,
    mediaType: JSON_API,
    schema: { name: "Errors", build: errorDocumentSchema },
  },
  statusesOf,
  whoMay: (endpoint) => whoMay(endpoint.allow, seenBy(endpoint)),
  subjectOf,
  content(endpoint, { schemas }) {
    const schema = documentSchema(endpoint.answers, { schemas, complete: false });
    return schema && { schema, example: exampleAnswer(endpoint) };
  },
  bodyName({ operationId }, { properties = {} }) {
    const resource = properties.data?.properties;
    if (typeof resource?.type?.const !== "string") return `${pascalCase(operationId)}Request`;
    return `${"id" in resource ? "Changed" : "New"}${pascalCase(resource.type.const)}`;
  },
  isBodyRequired: ({ body }) => (body?.schema().required ?? []).length > 0,
  otherForms: ({ text: form }) => (form === undefined ? {} : { [form.mediaType]: textContent(form) }),
};

/** @throws for an endpoint without a resource type's tag. */
function subjectOf({ tag, path }: Endpoint): ResourceType {
  const type = resourceTypes.find((known) => known.path === tag);
  if (type === undefined) throw new Error(`${path} belongs to no resource type`);
  return type;
}

function textContent({ description, example, query }: NonNullable<Endpoint["text"]>): MediaContent {
  const shape: Record<string, z.ZodType> = query instanceof z.ZodObject ? query.shape : {};
  const required = jsonSchemaOf(query, "input").required ?? [];
  const parameters = required.map((name) => [name, shape[name] && exampleOf(shape[name])]);
  return { schema: { type: "string", description }, example, "x-query": Object.fromEntries(parameters) };
}

/** The sentence that says which signed-in users see which rows, where all of them may read. */
function seenBy({ method, allow, answers }: Endpoint): string | undefined {
  if (method !== "GET" || allow.kind !== "signedIn" || answers.data === undefined) return undefined;
  return resourceTypeNamed(answers.data.type).seenBy;
}

function statusesOf({ method, body, allow }: Endpoint): number[] {
  const withBody = body === undefined ? [] : [413, 415];
  const nothingToMiss = environmentOf(allow) === "none" && method === "POST";
  return [
    ...[400, 401, 403],
    ...(nothingToMiss ? [] : [404]),
    406,
    ...(method === "GET" ? [] : [409]),
    ...withBody,
    ...(method === "GET" ? [] : [422]),
    ...(allow.kind === "operator" ? [] : [429]),
    ...[431, 500, 503],
  ];
}

function errorDocumentSchema(): JsonSchema {
  const source = {
    description: "Where in the request the problem is: one of the three.",
    ...exactly(
      {
        pointer: text("JSON pointer into the body."),
        parameter: text("Name of a query parameter."),
        header: text("Name of a header."),
      },
      [],
    ),
  };
  const error = {
    id: text("The request's id."),
    status: text("The HTTP status."),
    title: text("What the status is called."),
    code: codeSchema(documentedErrors.management),
    detail: text("What is wrong and what to do, for people."),
    source,
  };
  const items = exactly(error, ["id", "status", "title", "code", "detail"]);
  return exactly({ errors: { type: "array", minItems: 1, items }, meta: exactly({ request_id: text() }) });
}

function exampleAnswer(endpoint: Endpoint): object {
  const { status, data, meta, example }: Answers = endpoint.answers;
  const url = endpoint.path.replace(":id", exampleId(subjectOf(endpoint).prefix));
  return {
    ...(data === undefined ? {} : exampleData(data, status === 200 ? url : undefined, example)),
    ...(meta === undefined ? {} : { meta: exampleFields(meta) }),
  };
}

function exampleData(data: AnswerData, url: string | undefined, outcome?: object): object {
  const type = resourceTypeNamed(data.type);
  const links = url === undefined ? {} : { links: linksOf(data, url) };
  if (data.holds === "collection") return { data: [exampleResource(type)], ...links };
  if (data.holds === "resource") return { data: exampleResource(type, data.also, outcome), ...links };
  return { data: data.many ? [identifier(type)] : identifier(type), ...links };
}

function linksOf(data: AnswerData, url: string): object {
  const page = { self: url, first: url, prev: null, next: null };
  const related = url.replace("/relationships/", "/");
  if (data.holds === "collection") return page;
  if (data.holds === "resource") return { self: url };
  return data.many ? { ...page, related } : { self: url, related };
}

function exampleResource(
  type: ResourceType,
  also: Record<string, string> = {},
  outcome: object = {},
): object {
  const self = `/api/${type.path}/${exampleId(type.prefix)}`;
  const relationships = Object.entries(type.relationships).map(([name, relationship]) => {
    const links = { self: `${self}/relationships/${name}`, related: `${self}/${name}` };
    if ("column" in relationship) return [name, { links }];
    const one = identifier(resourceTypeNamed(relationship.type));
    return [name, { links, data: "ids" in relationship ? [one] : one }];
  });
  const more = Object.entries(also).map(([name, to]) => [name, { data: identifier(resourceTypeNamed(to)) }]);
  return {
    ...identifier(type),
    attributes: { ...exampleFields(type.attributes), ...outcome },
    relationships: Object.fromEntries([...relationships, ...more]),
    links: { self },
  };
}

function exampleFields({ shape }: z.ZodObject): object {
  const entries = Object.entries<z.ZodType>(shape).map(([name, field]) => [name, exampleOf(field) ?? null]);
  return Object.fromEntries(entries);
}

function identifier({ type, prefix }: ResourceType): object {
  return { type, id: exampleId(prefix) };
}
