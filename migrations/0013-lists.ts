import type { Knex } from "knex";
import { buildIndexes } from "./build-indexes.ts";

/** Indexes are built while others write, which no transaction can do; what was done before it stopped is done again. */
export const config = { transaction: false };

/**
 * Each begins with what leads to the rows and what they are filtered by, goes on with what they are sorted by, and ends
 * with the id, which decides between rows of equal value. Where there is one for an environment and a filter, there must
 * be one for an organization and that filter, too: or a small organization's list may go by the environment's.
 */
const INDEXES: Record<string, string> = {
  users_created_index: "users (environment_id, created_at, id)",
  organizations_name_index: "organizations (environment_id, name, id)",
  organizations_created_index: "organizations (environment_id, created_at, id)",
  memberships_created_index: "memberships (environment_id, created_at, id)",
  memberships_organization_created_index: "memberships (organization_id, created_at, id)",
  membership_roles_listing_index: "membership_roles (environment_id, id)",
  membership_roles_organization_index: "membership_roles (organization_id, id)",
  membership_roles_role_listing_index: "membership_roles (role_id, organization_id, id)",
  membership_roles_role_membership_index: "membership_roles (role_id, membership_id)",
  user_roles_role_user_index: "user_roles (role_id, user_id)",
  user_roles_listing_index: "user_roles (environment_id, id)",
  invitations_organization_created_index: "invitations (organization_id, created_at, id)",
  invitations_organization_status_index: "invitations (organization_id, status, id)",
  invitations_inviter_listing_index: "invitations (inviter_user_id, organization_id, id)",
  invitation_batch_rows_environment_index: "invitation_batch_rows (environment_id, id)",
  mail_deliveries_listing_index: "mail_deliveries (environment_id, id)",
  mail_deliveries_organization_index: "mail_deliveries (organization_id, id)",
  mail_deliveries_organization_state_index: "mail_deliveries (organization_id, state, id)",
  events_listing_index: "events (environment_id, id)",
  events_type_index: "events (environment_id, type, id)",
  events_organization_type_index: "events (organization_id, type, id)",
  events_organization_created_index: "events (organization_id, created_at, id)",
  sessions_created_index: "sessions (environment_id, created_at, id)",
  organization_deletions_requested_index: "organization_deletions (requested_by_user_id, id)",
};

/** Tables whose rows belong to what belongs to an organization. */
const OWNERS = [
  { table: "mail_deliveries", owner: "invitations", column: "invitation_id" },
  { table: "membership_roles", owner: "memberships", column: "membership_id" },
];

/** Their places are taken by those that go on with the user or the membership. */
const REPLACED = { membership_roles_role_index: "membership_roles", user_roles_role_index: "user_roles" };

export async function up(knex: Knex): Promise<void> {
  for (const { table, owner, column } of OWNERS) {
    await knex.raw(`
      -- The organization of what the row belongs to, which never changes: so its rows can be listed by an index.
      alter table ${table} add column if not exists organization_id text collate "C";
      -- Written by the trigger where a statement doesn't: by processes of the version before, among others.
      create or replace function ${table}_organization() returns trigger language plpgsql as $$
        begin
          new.organization_id := (select organization_id from ${owner} where id = new.${column});
          return new;
        end
      $$;
      create or replace trigger ${table}_organization before insert on ${table}
        for each row when (new.organization_id is null) execute function ${table}_organization();
    `);
    await fill(knex, table, owner, column);
  }
  await buildIndexes(knex, INDEXES, { replaced: Object.keys(REPLACED) });
}

/** A few thousand rows at a time, so that nobody waits for long. */
async function fill(knex: Knex, table: string, owner: string, column: string): Promise<void> {
  for (let after: string | null = ""; after !== null; ) {
    const { rows }: { rows: Array<{ last: string | null }> } = await knex.raw(
      `with chunk as (select id, ${column} as owner_id from ${table} where id > ? order by id limit 5000),
       filled as (
         update ${table} t set organization_id = o.organization_id
         from chunk join ${owner} o on o.id = chunk.owner_id
         where t.id = chunk.id and t.organization_id is null
       )
       select max(id) as last from chunk`,
      [after],
    );
    after = rows[0]?.last ?? null;
  }
}

export async function down(knex: Knex): Promise<void> {
  for (const [name, table] of Object.entries(REPLACED))
    await knex.raw(`create index if not exists ${name} on ${table} (role_id)`);
  for (const name of Object.keys(INDEXES)) await knex.raw(`drop index if exists ${name}`);
  for (const { table } of OWNERS)
    await knex.raw(`
      drop trigger if exists ${table}_organization on ${table};
      drop function if exists ${table}_organization;
      alter table ${table} drop column if exists organization_id;
    `);
}
