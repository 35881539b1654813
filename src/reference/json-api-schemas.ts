import type { z } from "zod";
import type { AnswerData, Answers } from "../http/endpoint.ts";
import { type RelationshipType, type ResourceType, resourceTypeNamed } from "../json-api/resource-type.ts";
import { type JsonSchema, jsonSchemaOf } from "../lib/json-schema-of.ts";
import { pascalCase, spoken } from "../lib/names.ts";
import { resourceTypes } from "../management/all-resources.ts";
import { createRegistry, type Registry } from "./components.ts";
import { exactly, listOf, orNull, text, withoutDefaults } from "./schemas.ts";

/**
 * The document of an answer as a self-contained JSON Schema, for tests.
 * @param complete false if the request had `fields[…]`.
 * @returns undefined for an answer without a document.
 */
export function answerSchema(answers: Answers, { complete } = { complete: true }): JsonSchema | undefined {
  const schemas = createRegistry<JsonSchema>("#/$defs/");
  const schema = documentSchema(answers, { schemas, complete });
  return schema === undefined ? undefined : { ...schema, $defs: schemas.all };
}

/** The same, with shared schemas put into `schemas`. */
export function documentSchema({ data, meta, secret }: Answers, making: Making): JsonSchema | undefined {
  const metaOf = meta && metaSchema(meta, secret);
  if (data === undefined) return metaOf && exactly({ meta: metaOf });
  const build = () => dataDocument(data, metaOf, making);
  return metaOf === undefined ? making.schemas.refer(`${nameOf(data)}Document`, build) : build();
}

function nameOf(data: AnswerData): string {
  const type = pascalCase(data.type);
  if (data.holds === "collection") return `${type}Page`;
  if (data.holds === "linkage") return `${type}${data.many ? "Identifiers" : "Identifier"}`;
  const also = Object.keys(data.also ?? {}).map((name) => `With${pascalCase(name)}`);
  return [data.orNull ? "Optional" : "", type, ...also].join("");
}

function dataDocument(data: AnswerData, meta: JsonSchema | undefined, making: Making): JsonSchema {
  const type = resourceTypeNamed(data.type);
  const links = linksSchema(data, making);
  if (data.holds === "linkage") {
    const identifier = referToIdentifier(making.schemas, type);
    return exactly({ data: data.many ? listOf(identifier) : orNull(identifier), links });
  }
  const resource = referToResource(making, type, data.holds === "resource" ? data.also : undefined);
  const document = {
    data: data.holds === "collection" ? listOf(resource) : data.orNull ? orNull(resource) : resource,
    included: listOf(anyResource(making)),
    links,
    ...(meta === undefined ? {} : { meta }),
  };
  const required = ["data", ...(data.holds === "collection" ? ["links"] : []), ...(meta ? ["meta"] : [])];
  return exactly(document, required);
}

function linksSchema(data: AnswerData, { schemas }: Making): JsonSchema {
  const self = text("This page.");
  const related = text("The resources.");
  const cursor = { type: ["string", "null"], description: "Null if there is no such page." };
  const page = { self, first: text(), prev: cursor, next: cursor };
  if (data.holds === "collection") return schemas.refer("PageLinks", () => exactly(page));
  if (data.holds === "resource") return schemas.refer("DocumentLinks", () => exactly({ self }));
  return data.many
    ? schemas.refer("LinkagePageLinks", () => exactly({ ...page, related }))
    : schemas.refer("LinkageLinks", () => exactly({ self, related }));
}

/** Any resource that `include` can add. */
function anyResource(making: Making): JsonSchema {
  return making.schemas.refer("AnyResource", () => {
    const types = resourceTypes.map((type) => ({ type, schema: referToResource(making, type) }));
    const mapping = Object.fromEntries(types.map(({ type, schema }) => [type.type, schema.$ref]));
    return {
      oneOf: types.map(({ schema }) => schema),
      discriminator: { propertyName: "type", mapping },
    };
  });
}

function metaSchema(meta: z.ZodObject, secret: Answers["secret"]): JsonSchema {
  if (!secret) return withoutDefaults(jsonSchemaOf(meta, "output"));
  const description = "Shown only this once: a replay by `Idempotency-Key` omits it.";
  return { ...withoutDefaults(jsonSchemaOf(meta.partial(), "output")), description };
}

/** How schemas are made: where shared ones go, and whether every field is required. */
interface Making {
  schemas: Registry<JsonSchema>;
  /** False if `fields[…]` may have left out any attribute or relationship. */
  complete: boolean;
}

function referToResource(
  { schemas, complete }: Making,
  type: ResourceType,
  also: Record<string, string> = {},
): JsonSchema {
  const name = [pascalCase(type.type), ...Object.keys(also).map((more) => `With${pascalCase(more)}`)].join(
    "",
  );
  return schemas.refer(name, () => {
    const relationships = Object.entries(type.relationships).map(([relationship, to]) => [
      relationship,
      relationshipSchema({ schemas, complete }, to),
    ]);
    const more = Object.entries(also).map(([relationship, to]) => [
      relationship,
      exactly({ data: referToIdentifier(schemas, resourceTypeNamed(to)) }),
    ]);
    return {
      description: `${type.description} With \`fields[${type.type}]\` it has only the fields named there.`,
      ...exactly({
        type: { type: "string", const: type.type },
        id: idSchema(type),
        attributes: attributesSchema(type, complete),
        relationships: withFields(Object.fromEntries([...relationships, ...more]), complete),
        links: schemas.refer("ResourceLinks", () => exactly({ self: text("The path of the resource.") })),
      }),
    };
  });
}

function referToIdentifier(schemas: Making["schemas"], type: ResourceType): JsonSchema {
  return schemas.refer(`${pascalCase(type.type)}Identifier`, () => ({
    description: `Names one ${spoken(type.type)}.`,
    ...exactly({ type: { type: "string", const: type.type }, id: idSchema(type) }),
  }));
}

function idSchema({ prefix }: ResourceType): JsonSchema {
  return { type: "string", pattern: `^${prefix}_[0-7][0-9a-hjkmnp-tv-z]{25}$` };
}

function attributesSchema(type: ResourceType, complete: boolean): JsonSchema {
  const { properties = {}, required } = withoutDefaults(jsonSchemaOf(type.attributes, "output"));
  return exactly(properties, complete ? required : []);
}

function withFields(properties: Record<string, JsonSchema>, complete: boolean): JsonSchema {
  return exactly(properties, complete ? undefined : []);
}

/** A to-many relationship lists its members only when it was included, or when they are few. */
function relationshipSchema({ schemas }: Making, relationship: RelationshipType<never>): JsonSchema {
  const identifier = referToIdentifier(schemas, resourceTypeNamed(relationship.type));
  const links = schemas.refer("RelationshipLinks", () =>
    exactly({
      self: text("Types and ids of the related resources."),
      related: text("The related resources."),
    }),
  );
  if ("id" in relationship) return exactly({ links, data: { anyOf: [identifier, { type: "null" }] } });
  const data = { type: "array", items: identifier };
  return exactly({ links, data }, "ids" in relationship ? ["links", "data"] : ["links"]);
}
