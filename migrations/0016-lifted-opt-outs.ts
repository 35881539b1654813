import type { Knex } from "knex";

/** When an address was opened again that had asked for no invitations: what was mailed before no longer opts out unasked. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw("alter table invitations add column opt_out_lifted_at timestamptz;");
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw("alter table invitations drop column opt_out_lifted_at;");
}
