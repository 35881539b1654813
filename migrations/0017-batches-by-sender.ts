import type { Knex } from "knex";

/** Built beside the writes of a live database, which no transaction allows; interrupted, it is begun again. */
export const config = { transaction: false };

export async function up(knex: Knex): Promise<void> {
  await knex.raw("drop index concurrently if exists invitation_batches_sender_index");
  await knex.raw(`
    create index concurrently invitation_batches_sender_index on invitation_batches (actor_user_id, created_at)
      where actor_user_id is not null`);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw("drop index if exists invitation_batches_sender_index");
}
