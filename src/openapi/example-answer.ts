import type { AnswerData, Answers } from "../http/endpoint.ts";
import { type ResourceType, resourceTypeNamed } from "../json-api/resource-type.ts";
import { exampleId } from "../lib/id.ts";
import { jsonSchemaOf } from "../lib/json-schema-of.ts";
import { EXAMPLE_OUTCOMES, exampleValue } from "./example-values.ts";

/**
 * An example of a successful answer.
 * @param url path and query of the request, for the document's own link.
 * @param operation the endpoint's operation id: after an action the resource shows what the action did.
 */
export function exampleAnswer(
  { status, data, meta }: Answers,
  url: string,
  operation: string,
): object | undefined {
  if (data === undefined && meta === undefined) return undefined;
  return {
    ...(data === undefined
      ? {}
      : exampleData(data, status === 200 ? url : undefined, EXAMPLE_OUTCOMES[operation])),
    ...(meta === undefined
      ? {}
      : { meta: exampleFields("", Object.keys(jsonSchemaOf(meta, "output").properties ?? {})) }),
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
    attributes: { ...exampleFields(type.type, Object.keys(type.attributes.shape)), ...outcome },
    relationships: Object.fromEntries([...relationships, ...more]),
    links: { self },
  };
}

function exampleFields(type: string, names: string[]): object {
  return Object.fromEntries(names.map((name) => [name, exampleValue(type, name) ?? null]));
}

function identifier({ type, prefix }: ResourceType): object {
  return { type, id: exampleId(prefix) };
}
