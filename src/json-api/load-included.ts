import { requireScope } from "../access/require-permission.ts";
import { parameter, preparedQuery } from "../db/prepared-query.ts";
import { badRequest } from "../errors.ts";
import type { BaseModel } from "../models/base-model.ts";
import { selectDemanded } from "./find-visible.ts";
import { demandedOf, type IncludeTree, type Shape } from "./read-parameters.ts";
import {
  type RelationshipType,
  type ResourceType,
  readScope,
  resourceTypeNamed,
  type Viewer,
} from "./resource-type.ts";
import { type Sight, sightOf, sightValues } from "./viewer.ts";

/** The most resources that a response includes. The related URL lists more, page by page. */
const LIMIT = 1_000;

/** The most bytes they may take in the database. */
const BYTES = 2_000_000;

/** Everything that was loaded besides the primary rows. */
export interface Included {
  /** By `type:id`, each once. */
  rows: Map<string, { type: ResourceType; row: BaseModel }>;
  /** By `type:id:relationship`: the ids that belong there, for relationships whose row doesn't hold them. */
  linkage: Map<string, string[]>;
}

/** Loads what `include` asks for: one query per relationship and level, however many rows there are. */
export async function loadIncluded(
  viewer: Viewer,
  type: ResourceType,
  primary: BaseModel[],
  shape: Shape,
): Promise<Included> {
  const included: Included = { rows: new Map(), linkage: new Map() };
  let bytes = 0;
  await follow(type, primary, shape.include ?? {});
  // Primary data isn't repeated.
  for (const { id } of primary) included.rows.delete(`${type.type}:${id}`);
  return included;

  async function follow(from: ResourceType, rows: BaseModel[], branches: IncludeTree): Promise<void> {
    for (const [name, further] of Object.entries(branches)) {
      const relationship = from.relationships[name];
      if (relationship === undefined || rows.length === 0) continue;
      const to = resourceTypeNamed(relationship.type);
      requireScope(viewer.caller, readScope(to));
      const found = await loadRelated(viewer, to, relationship, rows, shape, BYTES - bytes);
      bytes += found.at(-1)?.bytes_so_far ?? 0;
      if (included.rows.size + found.length > LIMIT || bytes > BYTES) throw tooLarge(name);
      for (const row of found) included.rows.set(`${to.type}:${row.id}`, { type: to, row });
      if ("column" in relationship) link(from, name, rows, found, relationship.column);
      await follow(to, found, further);
    }
  }

  function link(
    from: ResourceType,
    name: string,
    parents: BaseModel[],
    found: BaseModel[],
    column: string,
  ): void {
    for (const { id } of parents) included.linkage.set(`${from.type}:${id}:${name}`, []);
    for (const row of found) {
      included.linkage.get(`${from.type}:${String(Reflect.get(row, column))}:${name}`)?.push(row.id);
    }
  }
}

function tooLarge(name: string) {
  const detail = `${name} brings more than ${LIMIT} resources, or more than ${BYTES / 1_000_000} MB: ask for fewer \`fields\` of them, or read them page by page at the related URL.`;
  return badRequest("include_too_large", detail, { parameter: "include" });
}

type Weighed = BaseModel & { bytes_so_far: number };

interface RelatedShape {
  type: string;
  sight: Sight;
  /** The column that holds one of the ids. */
  column: string;
  demanded: string[] | null;
}

/** Loads rows in the order of their ids, each with the bytes so far. Ends with the first row that exceeds `room`. */
const findRelated = preparedQuery("include", (db, { type, sight, column, demanded }: RelatedShape) => {
  const to = resourceTypeNamed(type);
  const viewer = { ...sight, db };
  const query = selectDemanded(to.visible(viewer), to, viewer, { demanded, primary: false });
  const table = query.modelClass().tableName;
  const related = query
    .whereRaw("?? = any(?)", [`${table}.${column}`, parameter("ids")])
    .orderBy(`${table}.id`)
    .limit(LIMIT + 1);
  // Postgres measures the rows, so that it never sends too many.
  const weighed = db.raw(
    `(select *, sum(bytes) over (order by id) as bytes_so_far
      from (select related.*, octet_length(related::text) as bytes from (?) related) measured) weighed`,
    [related.toKnexQuery()],
  );
  return query
    .modelClass()
    .query(db)
    .from(weighed)
    .whereRaw("bytes_so_far - bytes <= ?", [parameter("room")])
    .orderBy("id");
});

async function loadRelated(
  viewer: Viewer,
  to: ResourceType,
  relationship: RelationshipType<BaseModel>,
  rows: BaseModel[],
  shape: Shape,
  room: number,
): Promise<Weighed[]> {
  const isHeldThere = "column" in relationship;
  const ids = rows.flatMap((row) => (isHeldThere ? [row.id] : relatedIds(relationship, row)));
  const related = {
    ...{ type: to.type, sight: sightOf(viewer), demanded: demandedOf(to, shape) },
    column: isHeldThere ? relationship.column : "id",
  };
  const values = { ...sightValues(viewer), ids: [...new Set(ids)], room };
  return findRelated<Weighed>(viewer.db, related, values);
}

function relatedIds(
  relationship: Exclude<RelationshipType<BaseModel>, { column: string }>,
  row: BaseModel,
): string[] {
  if ("ids" in relationship) return relationship.ids(row);
  const id = relationship.id(row);
  return id === null ? [] : [id];
}
