import type { ResourceType } from "../../../src/json-api/resource-type.ts";
import { isId } from "../../../src/lib/id.ts";
import { resourceTypes } from "../../../src/management/all-resources.ts";
import { checkAttributes, checkFields } from "./check-attributes.ts";
import { checkLinks } from "./check-document.ts";
import type { ReadExchange } from "./exchange.ts";
import {
  checkMemberNames,
  type JsonObject,
  objectsIn,
  type Problems,
  strangersIn,
  toObject,
} from "./values.ts";

/** Every resource object and identifier of the document, against the specification and its type. */
export function* checkResources(document: JsonObject, exchange: ReadExchange): Problems {
  const { endpoint } = exchange;
  const primary = objectsIn(document.data);
  if (document.data !== null && !Array.isArray(document.data) && primary.length === 0)
    yield "data is no resource";
  if (Array.isArray(document.data) && primary.length < document.data.length)
    yield "data holds what is no object";
  if (endpoint?.answers.data?.holds === "linkage") {
    for (const identifier of primary) yield* checkIdentifier(identifier, "data");
    return;
  }
  const also = endpoint?.answers.data?.holds === "resource" ? (endpoint.answers.data.also ?? {}) : {};
  for (const resource of primary) yield* checkResource(resource, exchange, also);
  for (const resource of objectsIn(document.included ?? [])) yield* checkResource(resource, exchange, {});
}

function typeOf({ type, id }: JsonObject): ResourceType | undefined {
  return resourceTypes.find(
    (known) => known.type === type && typeof id === "string" && isId(known.prefix, id),
  );
}

function* checkIdentifier(identifier: JsonObject, where: string, type?: string): Problems {
  for (const name of strangersIn(identifier, ["type", "id", "meta"]))
    yield `an identifier in ${where} has a member ${name}`;
  if (typeOf(identifier) === undefined)
    yield `an identifier in ${where} has no known type, or an id that is none of it`;
  if (type !== undefined && identifier.type !== type)
    yield `an identifier in ${where} is not of type ${type}`;
}

function* checkResource(
  resource: JsonObject,
  exchange: ReadExchange,
  also: Record<string, string>,
): Problems {
  const where = `${resource.type} ${resource.id}`;
  const type = typeOf(resource);
  if (type === undefined) return yield `${where}: no known type, or an id that is none of it`;
  for (const name of strangersIn(resource, ["type", "id", "attributes", "relationships", "links", "meta"])) {
    yield `${where} has a member ${name}`;
  }
  const self = `/api/${type.path}/${resource.id}`;
  if (toObject(resource.links)?.self !== self) yield `${where}: links.self is not ${self}`;
  yield* checkLinks(toObject(resource.links) ?? {}, where);

  const attributes = toObject(resource.attributes);
  const relationships = toObject(resource.relationships);
  if (attributes === undefined) return yield `${where}: attributes is no object`;
  if (relationships === undefined) return yield `${where}: relationships is no object`;
  yield* checkMemberNames(attributes, `attributes of ${where}`);
  yield* checkMemberNames(relationships, `relationships of ${where}`);
  for (const name of Object.keys(attributes)) {
    if (name in relationships || name === "type" || name === "id") yield `${where}: ${name} is a field twice`;
  }
  yield* checkAttributes(attributes, type, where, exchange);
  const expected = [...Object.keys(type.relationships), ...Object.keys(also)];
  yield* checkFields(Object.keys(relationships), expected, type, where, exchange);
  for (const [name, relationship] of Object.entries(relationships)) {
    const to = type.relationships[name]?.type ?? also[name];
    const links =
      name in type.relationships ? { self: `${self}/relationships/${name}`, related: `${self}/${name}` } : {};
    yield* checkRelationship(toObject(relationship) ?? {}, `${where}.${name}`, { to, links });
  }
}

function* checkRelationship(
  relationship: JsonObject,
  where: string,
  { to, links }: { to: string | undefined; links: JsonObject },
): Problems {
  if (strangersIn(relationship, ["links", "data", "meta"]).length > 0) yield `${where} has an unknown member`;
  if (!("links" in relationship || "data" in relationship || "meta" in relationship))
    yield `${where} is empty`;
  const given = toObject(relationship.links) ?? {};
  if ("links" in relationship && !("self" in given || "related" in given))
    yield `${where}: links lead nowhere`;
  yield* checkLinks(given, where);
  for (const [name, url] of Object.entries(links)) {
    if (given[name] !== url) yield `${where}: links.${name} is not ${url}`;
  }
  const { data } = relationship;
  if (data === undefined || data === null) return;
  const identifiers = objectsIn(data);
  if (identifiers.length !== (Array.isArray(data) ? data.length : 1)) yield `${where}: data is no linkage`;
  for (const identifier of identifiers) yield* checkIdentifier(identifier, where, to);
  const names = identifiers.map(({ type, id }) => `${type}:${id}`);
  if (new Set(names).size < names.length) yield `${where} names a resource twice`;
}
