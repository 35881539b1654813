import type { Knex } from "knex";

/**
 * Ids are TypeIDs: sortable text, compared by bytes (collate "C") so that sorting by id is sorting by time.
 * `unique (environment_id, id)` lets other tables point at a row *and* its environment, so no row can
 * refer across environments whatever the code does.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table environments (
      id          text collate "C" primary key,
      handle      text collate "C" not null constraint environments_handle_unique unique
                  constraint environments_handle_format check (handle ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])\\?$'),
      name        text not null,
      settings    jsonb not null default '{}',
      created_at  timestamptz not null default now(),
      updated_at  timestamptz not null default now()
    );

    create table users (
      id                 text collate "C" primary key,
      environment_id     text collate "C" not null references environments on delete restrict,
      email              text not null,
      email_canonical    text collate "C" not null,
      email_verified_at  timestamptz,
      first_name         text,
      last_name          text,
      picture            text,
      metadata           jsonb not null default '{}',
      created_at         timestamptz not null default now(),
      updated_at         timestamptz not null default now(),
      constraint users_environment_unique unique (environment_id, id),
      -- One user per address, whatever its spelling.
      constraint users_email_unique unique (environment_id, email_canonical)
    );

    create table sessions (
      id              text collate "C" primary key,
      environment_id  text collate "C" not null,
      user_id         text collate "C" not null,
      -- SHA-256 of the token: the token itself is shown once and kept nowhere.
      token_hash      bytea not null constraint sessions_token_hash_unique unique,
      ip              text,
      user_agent      text,
      last_active_at  timestamptz not null default now(),
      expires_at      timestamptz not null,
      revoked_at      timestamptz,
      created_at      timestamptz not null default now(),
      updated_at      timestamptz not null default now(),
      foreign key (environment_id, user_id) references users (environment_id, id) on delete restrict
    );
    -- Programs of the team's own; the id is the OAuth client_id.
    create table api_clients (
      id              text collate "C" primary key,
      environment_id  text collate "C" not null references environments on delete restrict,
      name            text not null,
      -- SHA-256 of the secret, which has 256 bits of entropy and is shown once.
      secret_hash     bytea not null,
      scopes          text[] not null,
      last_used_at    timestamptz,
      created_at      timestamptz not null default now(),
      updated_at      timestamptz not null default now()
    );
    create index api_clients_listing_index on api_clients (environment_id, id);
    create index sessions_user_index on sessions (user_id, id);
    create index sessions_environment_index on sessions (environment_id, id);
    create index sessions_ended_index on sessions (least(expires_at, revoked_at));
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw("drop table api_clients; drop table sessions; drop table users; drop table environments;");
}
