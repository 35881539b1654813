import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table subscriptions (
      id                text collate "C" primary key,
      environment_id    text collate "C" not null,
      -- The creator: kept for ever, so a detached subscription still has an owner.
      user_id           text collate "C" not null,
      organization_id   text collate "C",
      status            text not null default 'incomplete'
                        constraint subscriptions_status check (status in ('active', 'canceled', 'past_due', 'incomplete', 'trialing', 'paused')),
      description       text,
      currency          text not null constraint subscriptions_currency check (currency ~ '^[A-Z]{3}$'),
      subtotal_cents    bigint not null constraint subscriptions_subtotal check (subtotal_cents >= 0),
      tax_cents         bigint not null default 0 constraint subscriptions_tax check (tax_cents >= 0),
      discount_cents    bigint not null default 0 constraint subscriptions_discount check (discount_cents >= 0),
      total_cents       bigint generated always as (subtotal_cents + tax_cents - discount_cents) stored
                        constraint subscriptions_total check (total_cents >= 0),
      billing_interval  text not null default 'monthly'
                        constraint subscriptions_interval check (billing_interval in ('daily', 'weekly', 'monthly', 'yearly')),
      created_at        timestamptz not null default now(),
      updated_at        timestamptz not null default now(),
      foreign key (environment_id, user_id) references users (environment_id, id) on delete restrict,
      -- Restrict: the deletion saga must have detached every row before the organization can go.
      foreign key (environment_id, organization_id) references organizations (environment_id, id) on delete restrict
    );
    create index subscriptions_organization_index on subscriptions (organization_id, id) where organization_id is not null;
    create index subscriptions_user_index on subscriptions (user_id, id);

    -- The saga's row while an organization is being deleted, its receipt afterwards. No foreign key to the
    -- organization: the receipt outlives it.
    create table organization_deletions (
      id                    text collate "C" primary key,
      environment_id        text collate "C" not null references environments on delete restrict,
      organization_id       text collate "C" not null constraint organization_deletions_once unique,
      organization_name     text not null,
      requested_by_user_id  text collate "C",
      state                 text not null default 'detaching'
                            constraint organization_deletions_state check (state in ('detaching', 'completed')),
      -- Rows per table: counted at the start, and worked off so far.
      planned               jsonb not null,
      done                  jsonb not null default '{}',
      created_at            timestamptz not null default now(),
      updated_at            timestamptz not null default now(),
      completed_at          timestamptz,
      constraint organization_deletions_completed_at check ((state = 'completed') = (completed_at is not null))
    );
    create index organization_deletions_unfinished_index on organization_deletions (updated_at) where state = 'detaching';
    create index organization_deletions_listing_index on organization_deletions (environment_id, id);

    -- What happened, for ever. No foreign keys: an event outlives what it tells of.
    create table events (
      id               text collate "C" primary key,
      environment_id   text collate "C" not null,
      type             text not null,
      actor_kind       text not null constraint events_actor_kind check (actor_kind in ('operator', 'client', 'user', 'invitee', 'system')),
      actor_user_id    text collate "C",
      organization_id  text collate "C",
      subject_id       text collate "C" not null,
      data             jsonb not null default '{}',
      request_id       text,
      created_at       timestamptz not null default now()
    );
    create index events_organization_index on events (environment_id, organization_id, id);
    create index events_subject_index on events (environment_id, subject_id, id);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw("drop table events; drop table organization_deletions; drop table subscriptions;");
}
