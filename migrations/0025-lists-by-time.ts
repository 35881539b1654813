import type { Knex } from "knex";
import { buildIndexes } from "./build-indexes.ts";

/** Indexes are built beside the writes of a live database, which no transaction allows; each statement may run again. */
export const config = { transaction: false };

/** For lists narrowed by the time of creation. An environment's needs an organization's beside it: see migration 0013. */
const INDEXES = {
  invitations_created_index: "invitations (environment_id, created_at, id)",
  mail_deliveries_created_index: "mail_deliveries (environment_id, created_at, id)",
  mail_deliveries_organization_created_index: "mail_deliveries (organization_id, created_at, id)",
  suppressions_created_index: "suppressions (environment_id, created_at, id)",
};

export async function up(knex: Knex): Promise<void> {
  await buildIndexes(knex, INDEXES);
}

export async function down(knex: Knex): Promise<void> {
  for (const name of Object.keys(INDEXES)) await knex.raw(`drop index if exists ${name}`);
}
