import type { Knex } from "knex";

/** What lets old batches be found without reading all there are. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- When a batch ended, one way or the other: what is old enough to be purged.
    create index invitation_batches_finished_index on invitation_batches (coalesce(completed_at, canceled_at))
      where status in ('completed', 'canceled');
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw("drop index invitation_batches_finished_index;");
}
