import type { JsonSchema } from "../lib/json-schema-of.ts";
import { pascalCase } from "../openapi/names.ts";
import type { Method, OpenApiDocument } from "../openapi/openapi-types.ts";
import { inlineCode } from "./inline-code.ts";
import { type EndpointView, presentEndpoint } from "./present-endpoint.ts";
import { typeText } from "./type-text.ts";

/** A resource as the page shows it. */
export interface ResourceView {
  anchor: string;
  title: string;
  type: string;
  what: string;
  attributes: Array<{ name: string; type: string; text: string; set: string }>;
  relationships: Array<{ name: string; to: string; href: string; set: string }>;
  endpoints: EndpointView[];
  related: EndpointView[];
}

/** Everything under a tag that names a resource's collection, such as `role-permissions`. */
export function presentResourceDocs(
  { name, description }: OpenApiDocument["tags"][number],
  document: OpenApiDocument,
): ResourceView {
  const schema = resourceSchema(name, document);
  const type = String(schema.properties?.type?.const);
  const component = pascalCase(type);
  const settable = {
    new: document.components.schemas[`New${component}`]?.properties?.data,
    changed: document.components.schemas[`Changed${component}`]?.properties?.data,
  };
  const endpoints = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([, operation]) => operation.tags.includes(name))
      .map(([method, operation]) => presentEndpoint(path, method as Method, operation, document)),
  );
  const isRelated = ({ method, path }: EndpointView) => method === "GET" && path.includes("/{id}/");
  return {
    anchor: name,
    title: titleOf(name),
    type,
    what: inlineCode(description),
    attributes: Object.entries(membersOf(schema, "attributes")).map(([attribute, attributeSchema]) => ({
      name: attribute,
      type: typeText(membersOf(settable.new, "attributes")[attribute] ?? attributeSchema),
      text: inlineCode(attributeSchema.description ?? ""),
      set: whenSet(settable, "attributes", attribute),
    })),
    relationships: Object.entries(membersOf(schema, "relationships")).map(([relationship, to]) => ({
      name: relationship,
      ...target(to, document),
      set: whenSet(settable, "relationships", relationship),
    })),
    endpoints: endpoints.filter((view) => !isRelated(view)).sort((one, other) => rank(one) - rank(other)),
    related: endpoints.filter(isRelated),
  };
}

function resourceSchema(tag: string, { components, paths }: OpenApiDocument): JsonSchema {
  const success = paths[`/api/${tag}/{id}`]?.get?.responses["200"];
  const document =
    success !== undefined && "content" in success ? Object.values(success.content ?? {})[0] : undefined;
  const data = componentOf(document?.schema, components)?.properties?.data;
  return componentOf(data, components) ?? {};
}

function componentOf(
  schema: JsonSchema | undefined,
  { schemas }: OpenApiDocument["components"],
): JsonSchema | undefined {
  return schemas[schema?.$ref?.split("/").at(-1) ?? ""];
}

function membersOf(resource: JsonSchema | undefined, part: string): Record<string, JsonSchema> {
  return resource?.properties?.[part]?.properties ?? {};
}

/** The collection first, then one resource, then what else can be done with it. */
function rank({ path }: EndpointView): number {
  return path.endsWith("/{id}") ? 1 : path.includes("/{id}/") ? 2 : 0;
}

/** Whether a request may set it: when creating, and whether it can be changed afterwards. */
function whenSet(
  settable: { new: JsonSchema | undefined; changed: JsonSchema | undefined },
  part: string,
  name: string,
): string {
  if (!(name in membersOf(settable.new, part))) return "";
  const isRequired = settable.new?.properties?.[part]?.required?.includes(name);
  const once = name in membersOf(settable.changed, part) ? "" : ", at creation";
  return `${isRequired ? "required" : "optional"}${once}`;
}

function target(relationship: JsonSchema, document: OpenApiDocument): { to: string; href: string } {
  const data = relationship.properties?.data;
  const identifier = componentOf(data?.items ?? data?.anyOf?.[0], document.components);
  const type = String(identifier?.properties?.type?.const);
  const tag = document.tags.find(
    ({ name }) => resourceSchema(name, document).properties?.type?.const === type,
  );
  return { to: data?.items === undefined ? type : `list of ${type}`, href: `#${tag?.name ?? ""}` };
}

function titleOf(tag: string): string {
  const words = tag.replaceAll("-", " ").replace("api", "API");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
