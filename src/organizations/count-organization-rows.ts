import type { Knex } from "knex";
import { RESOURCE_KINDS } from "../billing/resource-kinds.ts";
import type { Counts } from "../models/organization.ts";

/**
 * Detached from the organization when it is deleted: they stay with their creators. No longer as anybody's default, for
 * the creator may have one of their own.
 */
export const DETACHED_TABLES = RESOURCE_KINDS.map(({ model, defaultAmong }) => ({
  table: model.tableName,
  hasDefault: defaultAmong !== undefined,
}));
/** Removed with the organization, in this order. Their own dependants go with them: of a batch up to 10,000 rows. */
export const REMOVED_TABLES = [
  { table: "invitation_batches", atOnce: 1 },
  { table: "invitations", atOnce: 1_000 },
  { table: "memberships", atOnce: 1_000 },
  { table: "roles", atOnce: 1_000 },
] as const;

/** How many rows of each table a deletion has to work off. */
export async function countOrganizationRows(db: Knex, organizationId: string): Promise<Counts> {
  const tables = [...DETACHED_TABLES, ...REMOVED_TABLES].map(({ table }) => table);
  const counts = tables.map((table) =>
    db(table).where({ organization_id: organizationId }).count().as(table),
  );
  const [row] = await db.select<Counts[]>(counts);
  return row ?? {};
}
