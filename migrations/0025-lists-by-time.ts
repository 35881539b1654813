import type { Knex } from "knex";
import { buildIndexes } from "./build-indexes.ts";

/** Indexes are built concurrently, which a transaction does not allow. Each statement can run again. */
export const config = { transaction: false };

/** For lists narrowed by the time of creation. */
const INDEXES = {
  invitations_created_index: "invitations (environment_id, created_at, id)",
  suppressions_created_index: "suppressions (environment_id, created_at, id)",
};

export async function up(knex: Knex): Promise<void> {
  await buildIndexes(knex, INDEXES);
}

export async function down(knex: Knex): Promise<void> {
  for (const name of Object.keys(INDEXES)) await knex.raw(`drop index if exists ${name}`);
}
