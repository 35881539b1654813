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

/** Each table is locked for a moment of its own, and rows are copied beside the writes of others. */
export const config = { transaction: false };

/**
 * Metadata is at most 8 KiB as Postgres writes it, with 50 keys, nested ones included. Rows from before the migration
 * are exempt: a check runs on every update, and an old row must still be accepted, renamed or detached. So must what an
 * old row leads to: while large invitations are pending, or queued in a batch, the exemption lasts as long as they can.
 *
 * `public_metadata` begins as a copy, because members have read and written `metadata` through the Bridge API so far.
 */
export async function up(knex: Knex): Promise<void> {
  const { rows } = await knex.raw(`
    select exists (select from invitations where status = 'pending' and octet_length(metadata::text) > 8192)
      or exists (select from invitation_batch_rows where status = 'queued' and octet_length(input::text) > 8192)
      as is_waiting
  `);
  await knex.raw(
    "alter table organizations add column if not exists public_metadata jsonb not null default '{}'",
  );
  for (const [table, column] of BOUNDED) {
    const follows = rows[0].is_waiting && (table === "invitations" || table === "memberships");
    await knex.transaction((trx) => bound(trx, table, column, follows ? "366 days" : "0"));
  }
  await knex.raw(`
    -- How many users have a role, in the environment or in an organization, each once. Null where it is given more
    -- often than \`most\`: so many rows are read and no more, whatever Postgres guesses, because it goes by an index in
    -- its order. Without \`most\` all are counted.
    create or replace function role_user_count(role text, most integer) returns bigint language sql stable
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
  await copyMetadata(knex);
}

/** @param exempt how long after this moment new rows are still exempt. */
async function bound(trx: Knex.Transaction, table: string, column: string, exempt: string): Promise<void> {
  const name = `${table}_${column}_bound`;
  // Locked first: whatever was written before the check is older than this moment.
  await trx.raw(`lock table ${table} in access exclusive mode`);
  const { rows } = await trx.raw(
    `select exists (select from pg_constraint where conname = '${name}') as is_there,
       (clock_timestamp() + interval '${exempt}')::text as until`,
  );
  if (rows[0].is_there) return;
  // "not valid": the rows that are there are exempt, so nothing would be gained by reading them under the lock.
  await trx.raw(`
    alter table ${table} add constraint ${name} check (
      ${column} = '{}' or created_at <= '${rows[0].until}' or (
        octet_length(${column}::text) <= 8192
        and jsonb_array_length(jsonb_path_query_array(
          ${column}, 'strict $.** \\? (@.type() == "object").keyvalue().key')) <= 50
      )
    ) not valid
  `);
}

/** A few thousand rows at a time, so that nobody waits for long. */
async function copyMetadata(knex: Knex): Promise<void> {
  for (let after: string | null = ""; after !== null; ) {
    const { rows }: { rows: Array<{ last: string | null }> } = await knex.raw(
      `with chunk as (select id from organizations where id > ? order by id limit 5000),
       copied as (
         update organizations o set public_metadata = o.metadata from chunk
         where o.id = chunk.id and o.metadata <> '{}' and o.public_metadata = '{}'
       )
       select max(id) as last from chunk`,
      [after],
    );
    after = rows[0]?.last ?? null;
  }
}

export async function down(knex: Knex): Promise<void> {
  for (const [table, column] of BOUNDED)
    await knex.raw(`alter table ${table} drop constraint if exists ${table}_${column}_bound`);
  await knex.raw(`
    alter table organizations drop column if exists public_metadata;
    drop function if exists role_user_count;
  `);
}
