import type { Knex } from "knex";
import { type Model, type QueryBuilder, type Raw, raw } from "objection";
import { notFound } from "../errors.ts";
import type { SharedResource } from "../models/shared-resources.ts";
import type { ResourceKind } from "./resource-kinds.ts";

/** The owner of resources: an organization, or without one the user. */
export interface Owner {
  environment_id: string;
  /** The caller, who becomes the creator of what they create. */
  user_id: string;
  organization_id: string | null;
}

/** Whose resources a caller can access: one owner's or, for a program, everyone's in the environment. */
export type Access = Owner | { environment_id: string };

/** Which resource, and who must own it. */
export interface ResourceKey {
  id: string;
  owner: Owner;
}

/** Columns of a resource that a command writes, as values or as SQL. */
export type Columns<Row extends SharedResource> = {
  [Column in Exclude<keyof Row, keyof Model | Exclude<keyof SharedResource, "metadata">>]?: Row[Column] | Raw;
};

export type Rows<Row extends SharedResource> = QueryBuilder<Row, Row[]>;

/** Queries a kind's rows, whoever owns them. */
export function rowsOf<Row extends SharedResource>({ model }: ResourceKind<Row>, db: Knex): Rows<Row> {
  return model.query(db) as unknown as Rows<Row>;
}

/**
 * Queries the owner's rows of a kind. While an organization is being deleted, its resources already belong to their
 * creators, whether or not the deletion has reached them.
 */
export function resourcesOf<Row extends SharedResource>(
  db: Knex,
  kind: ResourceKind<Row>,
  access: Access,
): Rows<Row> {
  const rows = rowsOf(kind, db).where({ environment_id: access.environment_id });
  if (!("user_id" in access)) return rows;
  const { user_id, organization_id } = access;
  if (organization_id !== null) return rows.where({ organization_id });
  return rows.where({ user_id }).whereRaw(
    `not exists (
      select from organizations o where o.id = ${kind.model.tableName}.organization_id and o.deleting_at is null offset 0
    )`,
  );
}

/** All columns with their current values. Of two columns with one name, the driver returns the later. */
export function columnsOf({
  model,
  computed,
}: Pick<ResourceKind, "model" | "computed">): Array<string | Raw> {
  const all = `${model.tableName}.*`;
  return computed === undefined ? [all] : [all, raw(`${computed.sql} as ${computed.column}`)];
}

/** @throws 404. */
export async function findResource<Row extends SharedResource>(
  db: Knex,
  kind: ResourceKind<Row>,
  { id, owner }: { id: string; owner: Access },
): Promise<Row> {
  return requireFound(await resourcesOf(db, kind, owner).findById(id).select(columnsOf(kind)));
}

/** Finds a resource and locks it until the transaction ends. @throws 404. */
export async function lockResource<Row extends SharedResource>(
  trx: Knex.Transaction,
  kind: ResourceKind<Row>,
  { id, owner }: { id: string; owner: Access },
): Promise<Row> {
  return requireFound(await resourcesOf(trx, kind, owner).findById(id).forUpdate().select(columnsOf(kind)));
}

/** The API replaces this 404 for outsiders, who must not learn from it which resources exist. */
function requireFound<Row>(row: Row | undefined): Row {
  if (row === undefined) throw notFound("resource");
  return row;
}
