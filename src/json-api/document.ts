import { STATUS_CODES } from "node:http";
import type { Refusal } from "../errors.ts";
import type { BaseModel } from "../models/base-model.ts";
import type { Included } from "./load-included.ts";
import type { Shape } from "./read-parameters.ts";
import type { RelationshipType, ResourceType } from "./resource-type.ts";

interface ResourceIdentifier {
  type: string;
  id: string;
}

interface Relationship {
  data?: ResourceIdentifier | ResourceIdentifier[] | null;
  links?: { self?: string; related?: string };
}

export interface Resource extends ResourceIdentifier {
  attributes?: Record<string, unknown>;
  relationships?: Record<string, Relationship>;
  links: { self: string };
  meta?: Record<string, unknown>;
}

export interface Document {
  data: Resource | Resource[] | null;
  links?: Record<string, string | null>;
  meta?: Record<string, unknown>;
}

/** Returns a to-one relationship with its data. */
export function toOne(type: string, id: string | null): Relationship {
  return { data: id === null ? null : { type, id } };
}

/** Returns the document of a refusal. Its `id` is the request's, for support. It reveals nothing about our internals. */
export function errorDocument(refusal: Refusal, requestId: string): object {
  const status = String(refusal.status);
  const title = STATUS_CODES[refusal.status] ?? "Error";
  return {
    errors: refusal.items.map((item) => ({ id: requestId, status, title, ...item })),
    meta: { request_id: requestId },
  };
}

/** Returns a row as its type shows it, with the fields and relationships that the request asks for. */
export function presentResource(
  type: ResourceType,
  row: BaseModel,
  shape?: Shape,
  included?: Included,
): Resource {
  const wanted = shape?.fields.get(type.type);
  const isWanted = (name: string) => wanted === undefined || wanted.has(name);
  const self = `/api/${type.path}/${row.id}`;
  const computed = type.computed?.(row) ?? {};
  const attributes: Record<string, unknown> = {};
  for (const name of Object.keys(type.attributes.shape))
    if (isWanted(name)) attributes[name] = name in computed ? computed[name] : Reflect.get(row, name);
  const relationships: Record<string, Relationship> = {};
  for (const [name, relationship] of Object.entries(type.relationships)) {
    if (!isWanted(name)) continue;
    const linkage = linkageOf(relationship, row, included?.linkage.get(`${type.type}:${row.id}:${name}`));
    const links = { self: `${self}/relationships/${name}`, related: `${self}/${name}` };
    relationships[name] = { links, ...linkage };
  }
  return { type: type.type, id: row.id, attributes, relationships, links: { self } };
}

/** @param loaded ids that were loaded because the request includes them. */
export function linkageOf(
  relationship: RelationshipType<BaseModel>,
  row: BaseModel,
  loaded: string[] | undefined,
): Pick<Relationship, "data"> {
  const { type } = relationship;
  if ("id" in relationship) {
    const id = relationship.id(row);
    return { data: id === null ? null : { type, id } };
  }
  const ids = "ids" in relationship ? relationship.ids(row) : loaded;
  return ids === undefined ? {} : { data: ids.map((id) => ({ type, id })) };
}
