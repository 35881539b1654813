import type { Knex } from "knex";
import { buildIndexes } from "./build-indexes.ts";

/** Indexes are built beside the writes of a live database, which no transaction allows; each statement may run again. */
export const config = { transaction: false };

const INDEXES = {
  mail_deliveries_sender_index:
    "mail_deliveries (sender_user_id, created_at) where sender_user_id is not null",
  organizations_creator_index: "organizations (creator_user_id) where creator_user_id is not null",
};

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- The user who asked for this very email; null for programs and for what the schedule writes. It outlives the user.
    alter table mail_deliveries add column if not exists sender_user_id text collate "C";
    -- Until when a user sends no invitations: somebody reported one as spam, or the operator said so.
    alter table users add column if not exists inviting_paused_until timestamptz;
    -- The user who created the organization, whoever owns it by now. It outlives the user.
    alter table organizations add column if not exists creator_user_id text collate "C";
  `);
  await buildIndexes(knex, INDEXES);
  await knex.raw(`
    -- The first limit that keeps an invitation from being emailed, with the seconds until it passes; no row when there is
    -- none. A limit given as null is none. Emails to one address wait for each other here until they commit, and volatile
    -- lets the second see the first. In a transaction that goes on, the organization must be locked before; a look without
    -- that is only a first answer. The plan is made once: planning
    -- takes longer than all of this.
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
              (array_agg(d.created_at order by d.created_at desc) filter (where i.organization_id = in_organization))[share],
              (array_agg(d.created_at order by d.created_at desc) filter (where d.sender_user_id = by_user))[share]
            ) as reached_at
            from mail_deliveries d join invitations i on i.id = d.invitation_id
            where d.environment_id = of_environment and d.email_canonical = to_address and d.kind = 'invitation'
              and d.created_at > since
              -- Only what left, may have left or is about to.
              and (
                d.state in ('sending', 'sent', 'unknown')
                or d.state = 'pending' and d.seq = i.token_version and i.status = 'pending' and i.expires_at > now()
              )
          ) newest
          where newest.reached_at is not null

          union all (
            select 'inviter_limit', ceil(extract(epoch from d.created_at - since))::int
            from mail_deliveries d
            where d.sender_user_id = by_user and d.created_at > since and most_by_user is not null
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
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop function if exists sending_limit_now;
    alter table organizations drop column if exists creator_user_id;
    alter table users drop column if exists inviting_paused_until;
    alter table mail_deliveries drop column if exists sender_user_id;
  `);
}
