import type { Knex } from "knex";

/**
 * What an invitation calls the person it invites, and in which line of a file a row of a batch begins. Columns without a
 * default: neither table is rewritten or read.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table invitations add column first_name text, add column last_name text;
    alter table invitation_batch_rows add column line integer;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table invitation_batch_rows drop column line;
    alter table invitations drop column first_name, drop column last_name;
  `);
}
