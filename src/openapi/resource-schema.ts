import { type RelationshipType, type ResourceType, resourceTypeNamed } from "../json-api/resource-type.ts";
import { type JsonSchema, jsonSchemaOf } from "../lib/json-schema-of.ts";
import { attributeText } from "./attribute-texts.ts";
import { pascalCase, spoken } from "./names.ts";
import type { Registry } from "./registry.ts";
import { RESOURCE_TEXTS } from "./resource-texts.ts";

/** What schemas are made with: where shared ones go, and whether every field must be there. */
export interface Making {
  schemas: Registry<JsonSchema>;
  /** False: `fields[…]` may have left any attribute and relationship out. */
  complete: boolean;
}

export function text(description?: string): JsonSchema {
  return { type: "string", ...(description === undefined ? {} : { description }) };
}

/** An object of exactly these members, all of them there unless others are said to be required. */
export function exactly(
  properties: Record<string, JsonSchema>,
  required = Object.keys(properties),
): JsonSchema {
  return {
    type: "object",
    properties,
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
  };
}

export function referToResource(
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
      description: `${RESOURCE_TEXTS[type.type]?.what} With \`fields[${type.type}]\` it has only the fields named there.`,
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

export function referToIdentifier(schemas: Making["schemas"], type: ResourceType): JsonSchema {
  return schemas.refer(`${pascalCase(type.type)}Identifier`, () => ({
    description: `Names one ${spoken(type.type)}.`,
    ...exactly({ type: { type: "string", const: type.type }, id: idSchema(type) }),
  }));
}

function idSchema({ prefix }: ResourceType): JsonSchema {
  return { type: "string", pattern: `^${prefix}_[0-7][0-9a-hjkmnp-tv-z]{25}$` };
}

function attributesSchema(type: ResourceType, complete: boolean): JsonSchema {
  const { properties = {}, required } = jsonSchemaOf(type.attributes, "output");
  const described = Object.entries(properties).map(([name, schema]) => {
    const description = attributeText(type.type, name);
    return [name, description === undefined ? schema : { ...schema, description }];
  });
  return exactly(Object.fromEntries(described), complete ? required : []);
}

function withFields(properties: Record<string, JsonSchema>, complete: boolean): JsonSchema {
  return exactly(properties, complete ? undefined : []);
}

/** A to-many relationship lists its members only when it was included, or when they are few. */
function relationshipSchema({ schemas }: Making, relationship: RelationshipType<never>): JsonSchema {
  const identifier = referToIdentifier(schemas, resourceTypeNamed(relationship.type));
  const links = schemas.refer("RelationshipLinks", () =>
    exactly({
      self: text("Types and ids of what belongs there."),
      related: text("The resources that belong there."),
    }),
  );
  if ("id" in relationship) return exactly({ links, data: { anyOf: [identifier, { type: "null" }] } });
  const data = { type: "array", items: identifier };
  return exactly({ links, data }, "ids" in relationship ? ["links", "data"] : ["links"]);
}
