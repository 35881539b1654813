import type { Knex } from "knex";
import { RESOURCE_KINDS } from "../billing/resource-kinds.ts";
import type { Counts } from "../models/organization.ts";

/**
 * The tables whose rows are detached from a deleted organization and stay with their creators. They stop being defaults,
 * because a creator may have a default of their own.
 */
export const DETACHED_TABLES = RESOURCE_KINDS.map(({ model, defaultAmong }) => ({
  table: model.tableName,
  hasDefault: defaultAmong !== undefined,
}));
/** The tables whose rows are deleted with the organization, in this order. A batch takes up to 10,000 rows with it. */
export const REMOVED_TABLES = [
  { table: "invitation_batches", atOnce: 1 },
  { table: "invitations", atOnce: 1_000 },
  { table: "memberships", atOnce: 1_000 },
  { table: "roles", atOnce: 1_000 },
] as const;

/** Counts the rows of each table that a deletion has to detach or delete. */
export async function countOrganizationRows(db: Knex, organizationId: string): Promise<Counts> {
  const tables = [...DETACHED_TABLES, ...REMOVED_TABLES].map(({ table }) => table);
  const counts = tables.map((table) =>
    db(table).where({ organization_id: organizationId }).count().as(table),
  );
  const [row] = await db.select<Counts[]>(counts);
  return row ?? {};
}
