import type { JsonSchema } from "../lib/json-schema-of.ts";
import { pascalCase } from "../openapi/names.ts";
import type { OpenApiDocument, Tag } from "../openapi/openapi-types.ts";
import { inlineCode } from "./inline-code.ts";
import { componentOf, type EndpointView, operationsUnder } from "./present-endpoint.ts";
import { presentManagementEndpoint } from "./present-management-endpoint.ts";
import { typeText } from "./type-text.ts";
import { whenSet } from "./when-set.ts";

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
export function presentResourceDocs({ name, description }: Tag, document: OpenApiDocument): ResourceView {
  const schema = resourceSchema(name, document);
  const type = String(schema.properties?.type?.const);
  const component = pascalCase(type);
  const [made, changed] = ["New", "Changed"].map(
    (which) => document.components.schemas[`${which}${component}`]?.properties?.data?.properties,
  );
  const endpoints = operationsUnder(name, document).map((described) =>
    presentManagementEndpoint(described, document),
  );
  const isRelated = ({ method, path }: EndpointView) => method === "GET" && path.includes("/{id}/");
  return {
    anchor: name,
    title: titleOf(name),
    type,
    what: inlineCode(description),
    // With those that are said at creation and never read.
    attributes: Object.entries({
      ...made?.attributes?.properties,
      ...membersOf(schema, "attributes"),
    }).map(([attribute, attributeSchema]) => ({
      name: attribute,
      type: typeText(made?.attributes?.properties?.[attribute] ?? attributeSchema),
      text: inlineCode(attributeSchema.description ?? ""),
      set: whenSet(attribute, made?.attributes, changed?.attributes),
    })),
    relationships: Object.entries(membersOf(schema, "relationships")).map(([relationship, to]) => ({
      name: relationship,
      ...target(to, document),
      set: whenSet(relationship, made?.relationships, changed?.relationships),
    })),
    endpoints: endpoints.filter((view) => !isRelated(view)).sort((one, other) => rank(one) - rank(other)),
    related: endpoints.filter(isRelated),
  };
}

function resourceSchema(tag: string, document: OpenApiDocument): JsonSchema {
  const success = document.paths[`/api/${tag}/{id}`]?.get?.responses["200"];
  const answer =
    success !== undefined && "content" in success ? Object.values(success.content ?? {})[0] : undefined;
  return componentOf(componentOf(answer?.schema, document)?.properties?.data, document) ?? {};
}

function membersOf(resource: JsonSchema | undefined, part: string): Record<string, JsonSchema> {
  return resource?.properties?.[part]?.properties ?? {};
}

/** The collection first, then one resource, then what else can be done with it. */
function rank({ path }: EndpointView): number {
  return path.endsWith("/{id}") ? 1 : path.includes("/{id}/") ? 2 : 0;
}

function target(relationship: JsonSchema, document: OpenApiDocument): { to: string; href: string } {
  const data = relationship.properties?.data;
  const identifier = componentOf(data?.items ?? data?.anyOf?.[0], document);
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
