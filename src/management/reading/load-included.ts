import { badRequest } from "../../errors.ts";
import { requireInEnvironment } from "../../http/caller.ts";
import type { BaseModel } from "../../models/base-model.ts";
import { resourceTypeNamed } from "../types/resource-type-named.ts";
import type { IncludeTree } from "./include-parameter.ts";
import { readScope } from "./read-scope.ts";
import type { RelationshipType, ResourceType, Viewer } from "./resource-type.ts";

/** Resources one answer includes at most; whoever wants more pages through the related URL. */
const LIMIT = 1_000;

/** What was loaded beside the primary rows. */
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
  tree: IncludeTree,
): Promise<Included> {
  const included: Included = { rows: new Map(), linkage: new Map() };
  await follow(type, primary, tree);
  // What is primary data already is not repeated.
  for (const { id } of primary) included.rows.delete(`${type.type}:${id}`);
  return included;

  async function follow(from: ResourceType, rows: BaseModel[], branches: IncludeTree): Promise<void> {
    for (const [name, further] of Object.entries(branches)) {
      const relationship = from.relationships[name];
      if (relationship === undefined || rows.length === 0) continue;
      const to = resourceTypeNamed(relationship.type);
      requireInEnvironment(viewer.caller, { scope: readScope(to) });
      const found = await loadRelated(viewer, to, relationship, rows);
      if (included.rows.size + found.length > LIMIT) {
        const detail = `${name} has more than ${LIMIT} resources: read them page by page at the related URL.`;
        throw badRequest("include_too_large", detail, { parameter: "include" });
      }
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

function loadRelated(
  viewer: Viewer,
  to: ResourceType,
  relationship: RelationshipType<BaseModel>,
  rows: BaseModel[],
): Promise<BaseModel[]> {
  const query = to.visible(viewer);
  const table = query.modelClass().tableName;
  const ids = new Set(
    "column" in relationship
      ? rows.map(({ id }) => id)
      : rows.flatMap((row) => relatedIds(relationship, row)),
  );
  const column = "column" in relationship ? relationship.column : "id";
  return query
    .whereIn(`${table}.${column}`, [...ids])
    .orderBy(`${table}.id`)
    .limit(LIMIT + 1)
    .execute();
}

function relatedIds(
  relationship: Exclude<RelationshipType<BaseModel>, { column: string }>,
  row: BaseModel,
): string[] {
  if ("ids" in relationship) return relationship.ids(row);
  const id = relationship.id(row);
  return id === null ? [] : [id];
}
