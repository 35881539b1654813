import type { Knex } from "knex";

const BOUNDED = [
  ["users", "metadata"],
  ["organizations", "metadata"],
  ["organizations", "public_metadata"],
  ["memberships", "metadata"],
  ["invitations", "metadata"],
  ["customers", "metadata"],
  ["addresses", "metadata"],
  ["payment_methods", "metadata"],
  ["subscriptions", "metadata"],
  ["payments", "metadata"],
] as const;

/**
 * Metadata is at most 8 KiB as Postgres writes it, with 50 keys, nested ones included. Rows from before the migration
 * are exempt: a check runs on every update, and an old row must still be accepted, renamed or detached. So must what an
 * old row leads to: while large invitations are pending, or queued in a batch, the exemption lasts as long as they can.
 *
 * `public_metadata` begins as a copy, because members have read and written `metadata` through the Bridge API so far.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw("alter table organizations add column public_metadata jsonb not null default '{}'");
  const { rows } = await knex.raw(`
    select exists (select from invitations where status = 'pending' and octet_length(metadata::text) > 8192)
      or exists (select from invitation_batch_rows where status = 'queued' and octet_length(input::text) > 8192)
      as is_waiting
  `);
  for (const [table, column] of BOUNDED) {
    const follows = rows[0].is_waiting && (table === "invitations" || table === "memberships");
    // Locked first: whatever was written before the check is older than this moment.
    await knex.raw(`lock table ${table} in access exclusive mode`);
    const exempt = await knex.raw(
      `select (clock_timestamp() + interval '${follows ? "366 days" : "0"}')::text as until`,
    );
    // "not valid": the rows that are there are exempt, so nothing would be gained by reading them under the lock.
    await knex.raw(`
      alter table ${table} add constraint ${table}_${column}_bound check (
        ${column} = '{}' or created_at <= '${exempt.rows[0].until}' or (
          octet_length(${column}::text) <= 8192
          and jsonb_array_length(jsonb_path_query_array(
            ${column}, 'strict $.** \\? (@.type() == "object").keyvalue().key')) <= 50
        )
      ) not valid
    `);
  }
  // Building the indexes for a million rows takes a second or two, for which giving roles waits.
  await knex.raw(`
    drop index membership_roles_role_index, user_roles_role_index;
    create index membership_roles_role_index on membership_roles (role_id, membership_id);
    create index user_roles_role_index on user_roles (role_id, user_id);

    -- How many users have a role, in the environment or in an organization, each once. Null where it is given more
    -- often than \`most\`: so many rows are read and no more, whatever Postgres guesses, because it goes by an index in
    -- its order. Without \`most\` all are counted.
    create function role_user_count(role text, most integer) returns bigint language sql stable
      set enable_bitmapscan = off set enable_sort = off as $$
      select case when most is null or count(*) <= most then count(distinct user_id) end from (
        (select user_id from user_roles where role_id = role order by user_id limit most + 1)
        union all
        select m.user_id from (
          select membership_id from membership_roles where role_id = role order by membership_id limit most + 1
        ) given join memberships m on m.id = given.membership_id
      ) having_it
    $$;
  `);
  // Last: a table with deferred constraints can't be altered once rows of it have changed.
  await knex.raw("update organizations set public_metadata = metadata where metadata <> '{}'");
}

export async function down(knex: Knex): Promise<void> {
  for (const [table, column] of BOUNDED)
    await knex.raw(`alter table ${table} drop constraint ${table}_${column}_bound`);
  await knex.raw(`
    alter table organizations drop column public_metadata;
    drop function role_user_count;
    drop index membership_roles_role_index, user_roles_role_index;
    create index membership_roles_role_index on membership_roles (role_id);
    create index user_roles_role_index on user_roles (role_id);
  `);
}
