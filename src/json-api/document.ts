import { STATUS_CODES } from "node:http";
import type { Refusal } from "../errors.ts";
import type { BaseModel } from "../models/base-model.ts";
import type { Included } from "./load-included.ts";
import type { Shape } from "./read-parameters.ts";
import type { RelationshipType, ResourceType } from "./resource-type.ts";

export interface ResourceIdentifier {
  type: string;
  id: string;
}

export interface Relationship {
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
  const self = `/api/${type.path}/${row.id}`;
  const pick = <Value>(entries: Array<[string, Value]>) =>
    Object.fromEntries(wanted === undefined ? entries : entries.filter(([name]) => wanted.has(name)));
  const relationships = Object.entries(type.relationships).map(
    ([name, relationship]): [string, Relationship] => [
      name,
      {
        links: { self: `${self}/relationships/${name}`, related: `${self}/${name}` },
        ...linkageOf(relationship, row, included?.linkage.get(`${type.type}:${row.id}:${name}`)),
      },
    ],
  );
  return {
    type: type.type,
    id: row.id,
    attributes: pick(attributesOf(type, row)),
    relationships: pick(relationships),
    links: { self },
  };
}

function attributesOf({ attributes, computed }: ResourceType, row: BaseModel): Array<[string, unknown]> {
  const values = { ...row, ...computed?.(row) };
  return Object.keys(attributes.shape).map((name) => [name, Reflect.get(values, name)]);
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
