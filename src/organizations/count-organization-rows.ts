import type { Knex } from "knex";
import { RESOURCE_TABLES } from "../billing/organization-resources.ts";
import type { Counts } from "../models/organization-deletion.ts";

/** Detached from the organization when it is deleted: they stay with their creators. */
export const DETACHED_TABLES = RESOURCE_TABLES;
/** Removed with the organization, in this order. Their own dependants go with them. */
export const REMOVED_TABLES = ["invitations", "memberships", "roles"] as const;

/** How many rows of each table a deletion has to work off. */
export async function countOrganizationRows(db: Knex, organizationId: string): Promise<Counts> {
  const tables = [...DETACHED_TABLES, ...REMOVED_TABLES];
  const counts = tables.map((table) =>
    db(table).where({ organization_id: organizationId }).count().as(table),
  );
  const [row] = await db.select<Counts[]>(counts);
  return row ?? {};
}
