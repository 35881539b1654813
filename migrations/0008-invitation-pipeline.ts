import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- What happened to a mail, oldest first: [{at, what, smtp_code, reply}]. Attempts, outcomes, what a provider told later.
    alter table mail_deliveries add column timeline jsonb not null default '[]';
    -- Whom reminders are due to: mails that left some days ago.
    create index mail_deliveries_reminder_index on mail_deliveries (environment_id, sent_at)
      where kind = 'invitation' and state = 'sent';
    -- How many mails an address got lately, from whichever organization.
    create index mail_deliveries_recipient_index on mail_deliveries (environment_id, email_canonical, created_at)
      where kind = 'invitation';
    -- What a provider tells of a mail names it by this.
    create index mail_deliveries_message_index on mail_deliveries (message_id) where message_id is not null;

    -- What somebody was invited to, wherever.
    create index invitations_recipient_index on invitations (environment_id, email_canonical, id);

    alter table suppressions add column id text collate "C";
    -- Rows of before get an id of the same form, made of what identifies them.
    update suppressions set id = 'sup_0' || substr(md5(environment_id || ':' || email_canonical), 1, 25);
    alter table suppressions alter column id set not null, add constraint suppressions_id_unique unique (id),
      add column detail text;
    create index suppressions_listing_index on suppressions (environment_id, id);

    create table invitation_batches (
      id                  text collate "C" primary key,
      environment_id      text collate "C" not null,
      organization_id     text collate "C" not null,
      -- Who asked for it: judged again for every row, by the rights they have then.
      actor_kind          text not null,
      actor_user_id       text collate "C",
      actor_client_id     text collate "C",
      request_id          text,
      dry_run             boolean not null default false,
      status              text not null default 'queued'
                          constraint invitation_batches_status check (status in ('queued', 'running', 'completed', 'canceled')),
      total_count         integer not null,
      created_count       integer not null default 0,
      failed_count        integer not null default 0,
      duplicate_count     integer not null default 0,
      created_at          timestamptz not null default now(),
      updated_at          timestamptz not null default now(),
      started_at          timestamptz,
      completed_at        timestamptz,
      canceled_at         timestamptz,
      constraint invitation_batches_completed_at check ((status = 'completed') = (completed_at is not null)),
      constraint invitation_batches_canceled_at check ((status = 'canceled') = (canceled_at is not null)),
      constraint invitation_batches_counts check (created_count + failed_count + duplicate_count <= total_count),
      constraint invitation_batches_environment_unique unique (environment_id, id),
      foreign key (environment_id, organization_id) references organizations (environment_id, id) on delete restrict
    );
    create index invitation_batches_listing_index on invitation_batches (environment_id, id);
    create index invitation_batches_organization_index on invitation_batches (organization_id, id);
    create index invitation_batches_unfinished_index on invitation_batches (organization_id, id)
      where status in ('queued', 'running');

    create table invitation_batch_rows (
      id              text collate "C" primary key,
      environment_id  text collate "C" not null,
      batch_id        text collate "C" not null,
      -- Its place in what was sent, from 1.
      number          integer not null,
      -- What to invite with; null where it could not be read, and once the row is settled.
      input           jsonb,
      email           text,
      status          text not null default 'queued'
                      constraint invitation_batch_rows_status check (status in ('queued', 'created', 'failed', 'duplicate', 'canceled')),
      -- Why it failed: a stable code, and a sentence.
      code            text,
      detail          text,
      -- No foreign key: the row is history, the invitation may go with its organization.
      invitation_id   text collate "C",
      created_at      timestamptz not null default now(),
      updated_at      timestamptz not null default now(),
      constraint invitation_batch_rows_once unique (batch_id, number),
      foreign key (environment_id, batch_id) references invitation_batches (environment_id, id) on delete cascade
    );
    create index invitation_batch_rows_listing_index on invitation_batch_rows (batch_id, id);
    create index invitation_batch_rows_queued_index on invitation_batch_rows (batch_id, number) where status = 'queued';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table invitation_batch_rows; drop table invitation_batches;
    alter table suppressions drop column id, drop column detail;
    drop index invitations_recipient_index;
    drop index mail_deliveries_message_index; drop index mail_deliveries_recipient_index;
    drop index mail_deliveries_reminder_index;
    alter table mail_deliveries drop column timeline;
  `);
}
