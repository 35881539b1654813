import type { z } from "zod";
import type { AnswerData, Answers } from "../http/endpoint.ts";
import { resourceTypeNamed } from "../json-api/resource-type.ts";
import { type JsonSchema, jsonSchemaOf } from "../lib/json-schema-of.ts";
import { resourceTypes } from "../management/all-resources.ts";
import { pascalCase } from "./names.ts";
import { createRegistry } from "./registry.ts";
import { exactly, type Making, referToIdentifier, referToResource, text } from "./resource-schema.ts";

/**
 * The whole document of an answer as JSON Schema that stands for itself, for tests.
 * @param complete false where the request had `fields[…]`.
 * @returns undefined where no document is answered.
 */
export function answerSchema(answers: Answers, { complete } = { complete: true }): JsonSchema | undefined {
  const schemas = createRegistry<JsonSchema>("#/$defs/");
  const schema = documentSchema(answers, { schemas, complete });
  return schema === undefined ? undefined : { ...schema, $defs: schemas.all };
}

/** The same with what is shared put into `schemas`. */
export function documentSchema({ data, meta, secret }: Answers, making: Making): JsonSchema | undefined {
  const told = meta && metaSchema(meta, secret);
  if (data === undefined) return told && exactly({ meta: told });
  const build = () => dataDocument(data, told, making);
  return told === undefined ? making.schemas.refer(`${nameOf(data)}Document`, build) : build();
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
  const self = text("This very page.");
  const related = text("The resources themselves.");
  const cursor = { type: ["string", "null"], description: "Null where there is no such page." };
  const page = { self, first: text(), prev: cursor, next: cursor };
  if (data.holds === "collection") return schemas.refer("PageLinks", () => exactly(page));
  if (data.holds === "resource") return schemas.refer("DocumentLinks", () => exactly({ self }));
  return data.many
    ? schemas.refer("LinkagePageLinks", () => exactly({ ...page, related }))
    : schemas.refer("LinkageLinks", () => exactly({ self, related }));
}

/** Whatever `include` may bring. */
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
  if (!secret) return jsonSchemaOf(meta, "output");
  const description = "Shown this once: empty in an answer that is given again by its `Idempotency-Key`.";
  return { ...jsonSchemaOf(meta.partial(), "output"), description };
}

function listOf(items: JsonSchema): JsonSchema {
  return { type: "array", items };
}

function orNull(schema: JsonSchema): JsonSchema {
  return { anyOf: [schema, { type: "null" }] };
}
