import type { Knex } from "knex";

/**
 * People whom a service of the team's own vouches for. Their sessions are rows like all others, so that every process
 * knows them, and the one statement on the hot path finds them.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table user_identities (
      environment_id  text collate "C" not null,
      -- Subjects of two issuers have nothing to do with each other, however alike they look.
      issuer          text collate "C" not null,
      subject         text collate "C" not null
                      constraint user_identities_subject check (length(subject) between 1 and 255),
      user_id         text collate "C" not null,
      created_at      timestamptz not null default now(),
      -- Of any number of first requests one makes the user.
      constraint user_identities_once primary key (environment_id, issuer, subject),
      -- Deferred: whoever inserts this row first has the right to make the user, and makes it after.
      foreign key (environment_id, user_id) references users (environment_id, id)
        on delete cascade deferrable initially deferred
    );
    create index user_identities_user_index on user_identities (user_id);

    -- Null: a session of Guildhall's own. Else its token is somebody else's: it counts until then, and is asked about anew.
    alter table sessions add column validated_until timestamptz;
    -- A token from elsewhere may be good in several environments, where it stands for different users.
    alter table sessions drop constraint sessions_token_hash_unique,
      add constraint sessions_token_hash_unique unique (token_hash, environment_id);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    delete from sessions where validated_until is not null;
    alter table sessions drop constraint sessions_token_hash_unique,
      add constraint sessions_token_hash_unique unique (token_hash);
    alter table sessions drop column validated_until;
    drop table user_identities;
  `);
}
