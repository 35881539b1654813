import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- What was answered to requests with an Idempotency-Key, written with the effect of each: both are there, or neither.
    create table idempotency_keys (
      -- SHA-256 of all that a key belongs to, and of the key: environment, caller, method, path. One column that is
      -- never null, so that the same key of the same caller is one row also where there is no environment.
      key_hash        bytea primary key,
      -- Null for what is about environments themselves.
      environment_id  text collate "C" references environments on delete restrict,
      -- The operator, a client's id or a user's. No foreign key: they may go, and the row goes by its age.
      caller          text collate "C" not null,
      method          text not null,
      path            text not null,
      -- SHA-256 of body and query: the body itself is kept nowhere.
      request_hash    bytea not null,
      -- A refusal changes nothing, and is not kept.
      status          smallint not null constraint idempotency_keys_status check (status between 200 and 299),
      location        text,
      -- Not jsonb, which would answer its members in another order.
      document        json,
      created_at      timestamptz not null default now()
    );
    -- What is old enough to be purged.
    create index idempotency_keys_created_index on idempotency_keys (created_at);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw("drop table idempotency_keys;");
}
