import type { Knex } from "knex";
import { buildIndexes } from "./build-indexes.ts";

export const config = { transaction: false };

/** How many rows a user sent in batches lately. */
export async function up(knex: Knex): Promise<void> {
  await buildIndexes(knex, {
    invitation_batches_sender_index:
      "invitation_batches (actor_user_id, created_at) where actor_user_id is not null",
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw("drop index if exists invitation_batches_sender_index");
}
