import type { BaseModel } from "../../models/base-model.ts";
import type { Relationship, Resource } from "../document.ts";
import type { Included } from "./load-included.ts";
import type { Shape } from "./read-parameters.ts";
import type { RelationshipType, ResourceType } from "./resource-type.ts";

/** A row as its type shows it, in the shape that was asked for. */
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

/** @param loaded ids that an inclusion brought along. */
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
