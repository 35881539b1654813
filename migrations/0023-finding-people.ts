import type { Knex } from "knex";
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
    text: (row) => `${row}.email_canonical`,
    places: (row) => `search_place('i', ${row}.environment_id), search_place('i', ${row}.organization_id)`,
    columns: "email_canonical",
  },
};

/** What a change to a row does besides. */
const BESIDES: Record<string, string> = {
  users: `
    if tg_op = 'UPDATE' then
      perform write_search_entry(m.id, ${nameOf("new")}, array[search_place('m', m.organization_id)])
      from memberships m where m.user_id = new.id;
    end if;`,
  // The user changes before this begins or after it commits, and not between the reading of a name and its writing.
  memberships: "perform from users where id = new.user_id for share;",
};

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- What the team's own systems call a user.
    alter table users add column if not exists external_id text collate "C";

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

    -- Every term is somewhere in the text, just as it is written.
    create or replace function search_matches(folded text, terms text[]) returns boolean immutable strict parallel safe language sql
      return not exists (select from unnest(terms) as term where strpos(folded, term) = 0);

    -- The rows of a kind, in these environments or organizations, in whose name or address is every term. Where all
    -- terms have one or two letters, a word must begin with them.
    create or replace function search_ids(kind text, within_ids text[], wanted text) returns setof text stable language plpgsql
      set enable_seqscan = off as $$
      declare
        folded text := search_fold(wanted);
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
          where search_matches(e.text, string_to_array(folded, ' '));
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
  await buildIndexes(knex, {
    search_entries_words_index: "search_entries using gin (words) with (gin_pending_list_limit = 256)",
  });
  await buildIndexes(
    knex,
    { users_external_id_unique: "users (environment_id, external_id)" },
    [],
    "unique index",
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
  for (const table of Object.keys(SEARCHED))
    await knex.raw(
      `drop trigger if exists ${table}_searched on ${table}; drop function if exists ${table}_search_entry`,
    );
  await knex.raw(`
    drop function if exists write_search_entry, search_ids, search_matches, search_index, search_words, search_place, search_fold;
    drop table if exists search_entries;
    drop index if exists users_external_id_unique;
    alter table users drop column if exists external_id;
  `);
}
