import type { Knex } from "knex";

/**
 * What all five tables of resources have. The creator is kept for ever: a resource taken off an organization still has
 * an owner. `unique (environment_id, id)` lets a row refer to another of its environment only. Restrict: the deletion
 * saga must have detached every row before the organization can go.
 */
const shared = (table: string) => `
  id               text collate "C" primary key,
  environment_id   text collate "C" not null,
  user_id          text collate "C" not null,
  -- Null: the creator's own.
  organization_id  text collate "C",
  metadata         jsonb not null default '{}',
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now(),
  constraint ${table}_environment_unique unique (environment_id, id),
  foreign key (environment_id, user_id) references users (environment_id, id) on delete restrict,
  foreign key (environment_id, organization_id) references organizations (environment_id, id) on delete restrict
`;

const indexes = (table: string) => `
  create index ${table}_organization_index on ${table} (organization_id, id) where organization_id is not null;
  create index ${table}_user_index on ${table} (user_id, id);
`;

/** A reference to another resource. Whether that may go while this needs it is the deleting verb's rule. */
const link = (table: string, column: string, to: string) => `
  alter table ${table} add foreign key (environment_id, ${column}) references ${to} (environment_id, id)
    on delete set null (${column});
  create index ${table}_${column}_index on ${table} (${column}) where ${column} is not null;
`;

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table customers (
      ${shared("customers")},
      provider_id           text,
      provider_customer_id  text,
      email                 text not null,
      name                  text,
      first_name            text,
      last_name             text,
      phone                 text
    );
    ${indexes("customers")}

    create table addresses (
      ${shared("addresses")},
      type           text not null default 'billing' constraint addresses_type check (type in ('billing', 'shipping', 'both')),
      alias          text,
      name           text,
      line1          text,
      line2          text,
      city           text,
      state          text,
      postal_code    text,
      country        text not null constraint addresses_country check (country ~ '^[A-Z]{2}$'),
      phone          text,
      email          text,
      is_partial     boolean not null default false,
      is_business    boolean not null default false,
      business_name  text,
      tax_id         text,
      tax_id_type    text,
      is_default     boolean not null default false,
      constraint addresses_complete check (is_partial or (line1 is not null and city is not null)),
      constraint addresses_business check (not is_business or business_name is not null)
    );
    ${indexes("addresses")}
    -- One default of a type per owner.
    create unique index addresses_organization_default on addresses (organization_id, type) where is_default and organization_id is not null;
    create unique index addresses_user_default on addresses (user_id, type) where is_default and organization_id is null;

    create table payment_methods (
      ${shared("payment_methods")},
      type                           text not null constraint payment_methods_type check (type in ('card', 'bank_account', 'wallet')),
      wallet_type                    text,
      provider_id                    text,
      -- What the provider calls it. A reference, of no use without the provider's own key; never a card's number.
      provider_payment_method_token  text not null,
      customer_id                    text collate "C",
      billing_address_id             text collate "C",
      card_brand                     text,
      last_four                      text constraint payment_methods_last_four check (last_four ~ '^[0-9]{4}$'),
      expiry_month                   text constraint payment_methods_expiry_month check (expiry_month ~ '^(0[1-9]|1[0-2])$'),
      expiry_year                    text constraint payment_methods_expiry_year check (expiry_year ~ '^[0-9]{4}$'),
      alias                          text,
      is_default                     boolean not null default false
    );
    ${indexes("payment_methods")}
    ${link("payment_methods", "customer_id", "customers")}
    ${link("payment_methods", "billing_address_id", "addresses")}
    -- One default per owner.
    create unique index payment_methods_organization_default on payment_methods (organization_id) where is_default and organization_id is not null;
    create unique index payment_methods_user_default on payment_methods (user_id) where is_default and organization_id is null;

    alter table subscriptions
      add column metadata                  jsonb not null default '{}',
      add column customer_id               text collate "C",
      add column payment_method_id         text collate "C",
      add column billing_address_id        text collate "C",
      add column product_id                text,
      add column provider_id               text,
      add column provider_subscription_id  text,
      add column concept                   text,
      add column interval_multiplier       integer not null default 1 constraint subscriptions_multiplier check (interval_multiplier between 1 and 12),
      add column trial_end                 timestamptz,
      add column current_period_start      timestamptz not null default now(),
      add column current_period_end        timestamptz not null default now() + interval '1 month',
      add column cancel_at_period_end      boolean not null default false,
      add column cancel_reason             text,
      add column canceled_at               timestamptz,
      add constraint subscriptions_environment_unique unique (environment_id, id);
    ${link("subscriptions", "customer_id", "customers")}
    ${link("subscriptions", "payment_method_id", "payment_methods")}
    ${link("subscriptions", "billing_address_id", "addresses")}

    create table payments (
      ${shared("payments")},
      status               text not null
                           constraint payments_status check (status in ('requires_payment_method', 'requires_confirmation', 'requires_action', 'processing', 'succeeded', 'failed', 'canceled', 'refunded')),
      currency             text not null constraint payments_currency check (currency ~ '^[A-Z]{3}$'),
      subtotal_cents       bigint not null constraint payments_subtotal check (subtotal_cents >= 0),
      tax_cents            bigint not null default 0 constraint payments_tax check (tax_cents >= 0),
      discount_cents       bigint not null default 0 constraint payments_discount check (discount_cents >= 0),
      total_cents          bigint generated always as (subtotal_cents + tax_cents - discount_cents) stored
                           constraint payments_total check (total_cents > 0),
      customer_id          text collate "C",
      payment_method_id    text collate "C",
      provider_id          text,
      provider_payment_id  text,
      description          text,
      concept              text,
      reference_code       text,
      category             text,
      tags                 text,
      setup_future_usage   text constraint payments_future_usage check (setup_future_usage in ('on_session', 'off_session')),
      return_url           text,
      failure_reason       text,
      confirmed_at         timestamptz,
      -- When a provider's word on it was last recorded.
      synced_at            timestamptz,
      completed_at         timestamptz
    );
    ${indexes("payments")}
    ${link("payments", "customer_id", "customers")}
    ${link("payments", "payment_method_id", "payment_methods")}

    -- The organization, unless it is being deleted: from then on its resources are their creators'.
    create function living_organization(of_id text) returns text stable language sql as $$
      select id from organizations where id = of_id and deleting_at is null
    $$;

    -- The organization a resource belongs to, by the resource's id: its prefix says which table to ask.
    create function organization_of_resource(of_id text) returns text stable language sql as $$
      select case split_part(of_id, '_', 1)
        when 'sub' then (select organization_id from subscriptions where id = of_id)
        when 'pay' then (select organization_id from payments where id = of_id)
        when 'pm' then (select organization_id from payment_methods where id = of_id)
        when 'addr' then (select organization_id from addresses where id = of_id)
        when 'cust' then (select organization_id from customers where id = of_id)
      end
    $$;

    -- Where a membership has several roles: the strongest of the four system roles, if it has one.
    create function strongest_role(of_membership text) returns text stable language sql as $$
      select r.name from membership_roles mr join roles r on r.id = mr.role_id
      where mr.membership_id = of_membership and r.is_system
      order by array_position(array['owner', 'admin', 'billing', 'member'], r.name) limit 1
    $$;

    create function role_names(of_membership text) returns text[] stable language sql as $$
      select array(
        select r.name from membership_roles mr join roles r on r.id = mr.role_id
        where mr.membership_id = of_membership order by r.is_system desc, r.name
      )
    $$;

    -- Canceled at the end of its period is canceled as soon as that is over, by nobody's doing.
    create function subscription_status(of_subscription subscriptions) returns text stable language sql as $$
      select case when of_subscription.cancel_at_period_end and of_subscription.current_period_end <= now()
        then 'canceled' else of_subscription.status end
    $$;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop function subscription_status; drop function role_names; drop function strongest_role;
    drop function organization_of_resource; drop function living_organization;
    drop table payments;
    alter table subscriptions
      drop constraint subscriptions_environment_unique,
      drop column metadata, drop column customer_id, drop column payment_method_id, drop column billing_address_id,
      drop column product_id, drop column provider_id, drop column provider_subscription_id, drop column concept,
      drop column interval_multiplier, drop column trial_end, drop column current_period_start,
      drop column current_period_end, drop column cancel_at_period_end, drop column cancel_reason, drop column canceled_at;
    drop table payment_methods; drop table addresses; drop table customers;
  `);
}
