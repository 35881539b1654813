import type { Knex } from "knex";

/** What makes the deletion of an organization with very many resources, and its creators' lists afterwards, go quickly. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- By table the last id that was worked off. Rows only ever leave an organization that is being deleted, so there are
    -- none behind it; but until they are vacuumed the index still has those that were.
    alter table organization_deletions add column reached jsonb not null default '{}';

    -- Without an organization there is nothing to look up: spares every row of a person's own a query.
    alter function living_organization(text) strict;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    alter function living_organization(text) called on null input;
    alter table organization_deletions drop column reached;
  `);
}
