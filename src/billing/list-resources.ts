import type { Knex } from "knex";
import { LIMIT, OFFSET, parameter, preparedQuery } from "../db/prepared-query.ts";
import { type CountedPage, countedPage } from "../lib/counted-page.ts";
import type { SharedResource } from "../models/shared-resources.ts";
import { columnsOf, type Owner, type Rows, resourcesOf } from "./owned-resources.ts";
import type { ResourceKind } from "./resource-kinds.ts";

/** Narrows a kind's list. */
export interface ResourceFilter {
  /** Its values are a few words that decide on the condition. Other filters get a parameter for a value. */
  byWords?: true;
  narrow(query: Rows<SharedResource>, value: string): void;
}

interface Wanted {
  limit: number;
  offset: number;
  /** By name of the filter. */
  filters: Record<string, string>;
  order: { column: string; direction: "asc" | "desc" };
}

interface Shape {
  /** Whether the resources are an organization's. */
  isShared: boolean;
  /** By name: the parameter, or the word. */
  filters: Record<string, string>;
}

/** @returns a function that returns a page of the owner's resources of a kind. Ties are in order of creation. */
export function resourceList<Row extends SharedResource>(
  kind: ResourceKind<Row>,
  declared: Record<string, ResourceFilter>,
) {
  const findPage = preparedQuery(
    `list-${kind.name}`,
    (db, { order: { column, direction }, ...shape }: Shape & Pick<Wanted, "order">) =>
      narrowed(db, shape)
        .select(columnsOf(kind))
        .orderBy(column, direction)
        .orderBy("id", direction)
        .limit(LIMIT)
        .offset(OFFSET),
  );
  const count = preparedQuery(`count-${kind.name}`, (db, shape: Shape) =>
    kind.model
      .query(db)
      .from(narrowed(db, shape).select("id").limit(LIMIT).as("counted"))
      .count("* as total"),
  );

  function narrowed(db: Knex, { isShared, filters }: Shape): Rows<Row> {
    const owner = {
      environment_id: parameter("environment_id"),
      user_id: parameter("user_id"),
      organization_id: isShared ? parameter("organization_id") : null,
    };
    const query = resourcesOf(db, kind, owner);
    for (const [name, value] of Object.entries(filters))
      declared[name]?.narrow(query as unknown as Rows<SharedResource>, value);
    return query;
  }

  return (db: Knex, owner: Owner, { filters, order, ...page }: Wanted): Promise<CountedPage<Row>> => {
    const shape: Shape = { isShared: owner.organization_id !== null, filters: {} };
    for (const [name, value] of Object.entries(filters))
      shape.filters[name] = declared[name]?.byWords ? value : parameter(name);
    const values = { ...filters, ...owner };
    return countedPage(
      page,
      (part) => findPage<Row>(db, { ...shape, order }, { ...values, ...part }),
      (most) => count<{ total: number }>(db, shape, { ...values, limit: most }),
    );
  };
}
