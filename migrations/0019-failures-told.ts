import type { Knex } from "knex";
import { buildIndexes } from "./build-indexes.ts";

/** Indexes are built beside the writes of a live database, which no transaction allows; each statement may run again. */
export const config = { transaction: false };

const INDEXES = {
  mail_deliveries_undelivered_index:
    "mail_deliveries (organization_id, email_canonical, created_at) where kind = 'invitation-undelivered'",
};
/** At most one such notice waits for an inviter in an organization: what fails meanwhile is added to it. */
const UNIQUE_INDEXES = {
  mail_deliveries_undelivered_unique:
    "mail_deliveries (organization_id, email_canonical) where kind = 'invitation-undelivered' and message_id is null",
};

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- What a notice lists: {count, failures: [{email, cause}]}.
    alter table mail_deliveries add column if not exists about jsonb;

    -- A batch of the kind "resend" has rows that name invitations. Without an organization it spans the environment.
    alter table invitation_batches add column if not exists kind text not null default 'invite',
      add column if not exists resent_count integer not null default 0,
      alter column organization_id drop not null,
      drop constraint if exists invitation_batches_kind, drop constraint if exists invitation_batches_organization,
      drop constraint if exists invitation_batches_counts;
    alter table invitation_batches
      add constraint invitation_batches_kind check (kind in ('invite', 'resend')) not valid,
      add constraint invitation_batches_organization check (organization_id is not null or kind = 'resend') not valid,
      add constraint invitation_batches_counts
        check (created_count + resent_count + failed_count + duplicate_count <= total_count) not valid;
    alter table invitation_batch_rows drop constraint if exists invitation_batch_rows_status;
    alter table invitation_batch_rows add constraint invitation_batch_rows_status
      check (status in ('queued', 'created', 'resent', 'failed', 'duplicate', 'canceled')) not valid;
  `);
  for (const name of ["kind", "organization", "counts"])
    await knex.raw(`alter table invitation_batches validate constraint invitation_batches_${name}`);
  await knex.raw("alter table invitation_batch_rows validate constraint invitation_batch_rows_status");
  await buildIndexes(knex, INDEXES);
  await buildIndexes(knex, UNIQUE_INDEXES, { unique: true });
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    delete from invitation_batches where kind = 'resend';
    alter table invitation_batch_rows drop constraint invitation_batch_rows_status,
      add constraint invitation_batch_rows_status
        check (status in ('queued', 'created', 'failed', 'duplicate', 'canceled'));
    alter table invitation_batches drop constraint invitation_batches_counts,
      drop column kind, drop column resent_count, alter column organization_id set not null,
      add constraint invitation_batches_counts check (created_count + failed_count + duplicate_count <= total_count);
    drop index mail_deliveries_undelivered_unique;
    drop index mail_deliveries_undelivered_index;
    delete from mail_deliveries where kind = 'invitation-undelivered';
    alter table mail_deliveries drop column about;
  `);
}
