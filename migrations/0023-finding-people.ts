import type { Knex } from "knex";
import * as sendingLimits from "./0015-sending-limits.ts";
import { buildIndexes } from "./build-indexes.ts";

/** Indexes are built beside the writes of a live database, which no transaction allows; each statement may run again. */
export const config = { transaction: false };

/** All that ASCII has, as a literal for `raw`, to which a question mark is a binding. */
const PUNCTUATION = "'.@-_+/\\,;:!\\?()[]{}<>&%$#*=|~^\"`'''";

const nameOf = (user: string) =>
  `concat_ws(' ', ${user}.first_name, ${user}.last_name, ${user}.email_canonical)`;

interface Searched {
  text(row: string): string;
  places(row: string): string;
  columns: string;
  /** Rows with all that their text needs. */
  from?: string;
}

/** What is searched of a row, where it is looked for, and the columns that change it. */
const SEARCHED: Record<string, Searched> = {
  users: {
    text: nameOf,
    places: (row) => `search_place('u', ${row}.environment_id)`,
    columns: "first_name, last_name, email_canonical",
  },
  organizations: {
    text: (row) => `concat_ws(' ', ${row}.name, ${row}.business_email)`,
    places: (row) => `search_place('o', ${row}.environment_id)`,
    columns: "name, business_email",
  },
  memberships: {
    text: (row) =>
      row === "new" ? `(select ${nameOf("u")} from users u where u.id = new.user_id)` : nameOf(row),
    places: (row) => `search_place('m', ${row}.organization_id)`,
    columns: "user_id",
    from: `(
      select m.*, u.first_name, u.last_name, u.email_canonical
      from memberships m join users u on u.id = m.user_id
    )`,
  },
  invitations: {
    text: nameOf,
    places: (row) => `search_place('i', ${row}.environment_id), search_place('i', ${row}.organization_id)`,
    columns: "first_name, last_name, email_canonical",
  },
};

/** What a change to a row does besides. */
const BESIDES: Record<string, string> = {
  users: `
    if tg_op = 'UPDATE' then
      -- Not by an insert: what is deleted meanwhile must stay away.
      update search_entries e
      set text = f.folded, words = search_index(array[search_place('m', m.organization_id)], f.folded)
      from memberships m, (select search_fold(${nameOf("new")}) as folded) f
      where m.user_id = new.id and e.id = m.id;
    end if;`,
  // The user changes before this begins or after it commits, and not between the reading of a name and its writing.
  memberships: "perform from users where id = new.user_id for share;",
};

const INDEXES: Record<string, string> = {
  // Each search reads all that waits to be merged into the index.
  search_entries_words_index: "search_entries using gin (words) with (gin_pending_list_limit = 256)",
  // What an address was sent, lately or ever.
  mail_deliveries_address_index: "mail_deliveries (environment_id, email_canonical, created_at)",
  // Invitations by what became of their email. Nearly all were sent, so those are found without an index.
  mail_deliveries_unsent_index:
    "mail_deliveries (environment_id, state, invitation_id) where kind = 'invitation' and state <> 'sent'",
  mail_deliveries_organization_unsent_index:
    "mail_deliveries (organization_id, state, invitation_id) where kind = 'invitation' and state <> 'sent'",
};

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- What the team's own systems call a user.
    alter table users add column if not exists external_id text collate "C";

    -- The part of a delivery that limits still count once it is gone with its invitation. Purged after 24 hours.
    create table if not exists deleted_deliveries (
      id               text collate "C" primary key,
      environment_id   text collate "C" not null,
      organization_id  text collate "C",
      -- Of the recipient; null where the email never left and counts for its sender alone.
      email_canonical  text collate "C",
      sender_user_id   text collate "C",
      created_at       timestamptz not null
    );
    create index if not exists deleted_deliveries_recipient_index
      on deleted_deliveries (environment_id, email_canonical, created_at);
    create index if not exists deleted_deliveries_sender_index
      on deleted_deliveries (sender_user_id, created_at) where sender_user_id is not null;
    create index if not exists deleted_deliveries_age_index on deleted_deliveries (created_at);

    create or replace function keep_deleted_delivery() returns trigger language plpgsql as $$
      begin
        insert into deleted_deliveries (id, environment_id, organization_id, email_canonical, sender_user_id, created_at)
        select old.id, old.environment_id, old.organization_id,
          case when old.kind = 'invitation' and old.state in ('sending', 'sent', 'unknown') then old.email_canonical end,
          old.sender_user_id, old.created_at
        where old.created_at > now() - interval '24 hours'
          and (old.sender_user_id is not null or old.kind = 'invitation' and old.state in ('sending', 'sent', 'unknown'));
        return null;
      end
    $$;
    create or replace trigger mail_deliveries_deleted after delete on mail_deliveries
      for each row execute function keep_deleted_delivery();

    -- As in migration 0015, and deleted deliveries count.
    create or replace function sending_limit_now(
      of_environment text, in_organization text, to_address text, by_user text,
      most_to_address int, most_by_user int, most_pending int
    ) returns table (code text, wait int) volatile language plpgsql set plan_cache_mode = force_generic_plan as $$
      declare
        since timestamptz := now() - interval '24 hours';
        -- What one sender may use up of what an address is sent: four of them are needed to use up the default of ten.
        share int := case when most_to_address is not null then greatest(1, most_to_address * 3 / 10) end;
      begin
        perform pg_advisory_xact_lock(hashtextextended(of_environment || ' ' || to_address, 0));
        return query select * from (
          select 'inviting_paused', ceil(extract(epoch from u.inviting_paused_until - now()))::int
          from users u where u.id = by_user and u.inviting_paused_until > now()

          union all select 'recipient_limit', ceil(extract(epoch from newest.reached_at - since))::int
          from (
            select greatest(
              (array_agg(d.created_at order by d.created_at desc))[most_to_address],
              (array_agg(d.created_at order by d.created_at desc) filter (where d.organization_id = in_organization))[share],
              (array_agg(d.created_at order by d.created_at desc) filter (where d.sender_user_id = by_user))[share]
            ) as reached_at
            from (
              select d.created_at, i.organization_id, d.sender_user_id
              from mail_deliveries d join invitations i on i.id = d.invitation_id
              where d.environment_id = of_environment and d.email_canonical = to_address and d.kind = 'invitation'
                and d.created_at > since
                -- Only what left, may have left or is about to.
                and (
                  d.state in ('sending', 'sent', 'unknown')
                  or d.state = 'pending' and d.seq = i.token_version and i.status = 'pending' and i.expires_at > now()
                )
              union all
              select g.created_at, g.organization_id, g.sender_user_id
              from deleted_deliveries g
              where g.environment_id = of_environment and g.email_canonical = to_address and g.created_at > since
            ) d
          ) newest
          where newest.reached_at is not null

          union all (
            select 'inviter_limit', ceil(extract(epoch from d.created_at - since))::int
            from (
              select m.created_at from mail_deliveries m where m.sender_user_id = by_user and m.created_at > since
              union all
              select g.created_at from deleted_deliveries g where g.sender_user_id = by_user and g.created_at > since
            ) d
            where most_by_user is not null
            order by d.created_at desc offset most_by_user - 1 limit 1
          )
          union all (
            select 'pending_limit', null
            from invitations i
            where i.organization_id = in_organization and i.status = 'pending' and most_pending is not null
            offset most_pending - 1 limit 1
          )
        ) reached limit 1;
      end
    $$;

    -- Name and address of each row that can be searched for, in a table of its own: the status of a row changes often,
    -- its name hardly ever.
    create table if not exists search_entries (
      -- Of the user, organization, membership or invitation.
      id     text collate "C" primary key,
      -- In lower case, without accents.
      text   text not null,
      -- Each word and its endings, so that any part of it is the start of one; once for each place to look in.
      words  tsvector not null
    );
    -- Postgres would guess from the words of the largest environment how many rows another one's words find.
    alter table search_entries alter column words set statistics 0;

    create or replace function search_fold(given text) returns text immutable strict parallel safe language plpgsql as $$
      begin
        if octet_length(given) = length(given) then
          return lower(given collate "C");
        end if;
        return lower(translate(
          regexp_replace(
            normalize(replace(replace(replace(given, 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), nfkd),
            '[\\u0300-\\u036f]', '', 'g'),
          'øØłŁđĐ', 'oOlLdD'));
      end
    $$;
    -- What stands between ASCII's punctuation. Longer words than anyone writes are cut.
    create or replace function search_words(folded text) returns text[] immutable strict parallel safe language plpgsql as $$
      begin
        return string_to_array(translate(folded, ${PUNCTUATION}, repeat(' ', 32)), ' ');
      end
    $$;
    -- A place is named by a letter for the kind of its rows, and by the end of its id.
    create or replace function search_place(kind text, of_id text) returns text immutable strict parallel safe language sql
      return kind || right(of_id, 12) || ':';

    -- Loops take a third of the time of a query here, and every invitation waits for this.
    create or replace function search_index(places text[], folded text) returns tsvector immutable strict parallel safe language plpgsql as $$
      declare
        word text;
        place text;
        parts text[] := '{}';
      begin
        foreach word in array search_words(folded) loop
          continue when word = '';
          word := left(word, 100);
          -- Endings of one or two letters would find nearly everything, except in scripts where they are words.
          for n in 1 .. greatest(1, length(word) - case when octet_length(word) = length(word) then 2 else 0 end) loop
            foreach place in array places loop
              parts := parts || (place || substr(word, n));
            end loop;
          end loop;
        end loop;
        return array_to_tsvector(parts);
      end
    $$;

    create or replace function write_search_entry(of_id text, given text, places text[]) returns void language plpgsql as $$
      declare
        folded text := search_fold(given);
      begin
        insert into search_entries (id, text, words) values (of_id, folded, search_index(places, folded))
        on conflict (id) do update set text = excluded.text, words = excluded.words;
      end
    $$;

    -- The rows of a kind, in these environments or organizations, in whose name or address is every term. Where all
    -- terms have one or two letters, a word must begin with them.
    create or replace function search_ids(kind text, within_ids text[], wanted text) returns setof text stable language plpgsql
      set enable_seqscan = off as $$
      declare
        folded text := search_fold(wanted);
        terms text[] := string_to_array(folded, ' ');
        parts text[] := array_remove(search_words(folded), '');
        long_parts text[] := array(select part from unnest(parts) as part where octet_length(part) > 2);
      begin
        return query
          select e.id
          from unnest(within_ids) as place(id)
          cross join lateral (
            select string_agg('''' || search_place(kind, place.id) || left(part, 100) || ''':*', ' & ')::tsquery as words
            from unnest(case when cardinality(long_parts) > 0 then long_parts else parts end) as part
          ) asked
          join search_entries e on e.words @@ asked.words
          -- The index knows parts of words. Each term must be there just as it is written.
          where not exists (select from unnest(terms) as term where strpos(e.text, term) = 0);
      end
    $$;
  `);
  for (const [table, { text, places, columns }] of Object.entries(SEARCHED)) {
    await knex.raw(`
      create or replace function ${table}_search_entry() returns trigger language plpgsql as $$
        begin
          if tg_op = 'DELETE' then
            delete from search_entries where id = old.id;
            return null;
          end if;
          ${BESIDES[table] ?? ""}
          perform write_search_entry(new.id, ${text("new")}, array[${places("new")}]);
          return null;
        end
      $$;
      create or replace trigger ${table}_searched after insert or update of ${columns} or delete on ${table}
        for each row execute function ${table}_search_entry();
    `);
    await fill(knex, table);
  }
  await buildIndexes(knex, INDEXES, { replaced: ["mail_deliveries_recipient_index"] });
  await buildIndexes(
    knex,
    { users_external_id_unique: "users (environment_id, external_id)" },
    { unique: true },
  );
}

/** A thousand rows at a time, so that nobody waits for long. They change before they are read or after they are written. */
async function fill(knex: Knex, table: string): Promise<void> {
  const { text, places, from = table } = SEARCHED[table] as Searched;
  for (let after: string | null = ""; after !== null; ) {
    const { rows }: { rows: Array<{ last: string | null }> } = await knex.raw(
      `with chunk as (select * from ${from} r where id > ? order by id limit 1000 for share)
       select max(id) as last, count(write_search_entry(id, ${text("chunk")}, array[${places("chunk")}])) from chunk`,
      [after],
    );
    after = rows[0]?.last ?? null;
  }
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    create index if not exists mail_deliveries_recipient_index
      on mail_deliveries (environment_id, email_canonical, created_at) where kind = 'invitation'`);
  for (const name of Object.keys(INDEXES)) await knex.raw(`drop index if exists ${name}`);
  for (const table of Object.keys(SEARCHED))
    await knex.raw(
      `drop trigger if exists ${table}_searched on ${table}; drop function if exists ${table}_search_entry`,
    );
  await knex.raw(`
    drop function if exists write_search_entry, search_ids, search_index, search_words, search_place, search_fold;
    drop table if exists search_entries;
    drop trigger if exists mail_deliveries_deleted on mail_deliveries;
    drop function if exists keep_deleted_delivery;
    drop index if exists users_external_id_unique;
    alter table users drop column if exists external_id;
  `);
  // The function that limits emails, as it was.
  await sendingLimits.up(knex);
  await knex.raw("drop table if exists deleted_deliveries");
}
