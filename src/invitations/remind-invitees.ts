import type { Knex } from "knex";
import { statement } from "../db/statement.ts";
import { newId } from "../lib/id.ts";
import { inChunks } from "../lib/in-chunks.ts";

const CHUNK = 500;
/** The most reminders of one email. */
export const REMINDERS_PER_MAIL = 10;
/** A reminder's `seq` is its day, at most 365, plus this number for every newer email of the invitation. */
export const REMINDER_SEQ_PER_MAIL = 1_000;

/**
 * Finds who is due by the email that was sent that many days ago, but not a day longer; otherwise a worker that was away
 * for weeks would remind everyone at once. `seq` identifies the email and the day, so no reminder is written twice, even
 * by two workers or after the days are changed. A missed reminder is skipped once the next is due.
 */
const writeReminders = statement<
  { reminded: number },
  { limit: number; delivery_ids: string[]; event_ids: string[] }
>(
  "remind-invitees",
  { limit: "int", delivery_ids: "text[]", event_ids: "text[]" },
  `
  with day as (
    select e.id as environment_id, d.days::int as days
    from environments e cross join jsonb_array_elements_text(coalesce(e.settings->'reminder_days', '[2, 5]')) as d(days)
  ),
  due as (
    select i.*, (i.token_version - 1) * ${REMINDER_SEQ_PER_MAIL} + day.days as seq
    from day
    cross join lateral (
      select invitation_id, seq, sent_at from mail_deliveries
      where environment_id = day.environment_id and kind = 'invitation' and state = 'sent'
        and sent_at <= now() - make_interval(days => day.days)
        and sent_at > now() - make_interval(days => day.days + 1)
      offset 0
    ) mail
    -- \`offset 0\`: looked up by id, mail by mail. Left to choose, and before it has counted, Postgres reads every pending
    -- invitation for every mail.
    cross join lateral (
      select id, environment_id, organization_id, inviter_user_id, email, email_canonical, token_version, status, expires_at
      from invitations where id = mail.invitation_id
      offset 0
    ) i
    join organizations o on o.id = i.organization_id and o.deleting_at is null
    where i.token_version = mail.seq and i.status = 'pending' and i.expires_at > now()
      and inviter_may_send(i.inviter_user_id, i.organization_id, i.id) and not exists (
      select from mail_deliveries r where r.invitation_id = i.id and r.kind = 'invitation-reminder'
        and r.seq >= (i.token_version - 1) * ${REMINDER_SEQ_PER_MAIL} + day.days
        and r.seq < i.token_version * ${REMINDER_SEQ_PER_MAIL}
    )
    order by mail.sent_at limit :limit
  ),
  numbered as (select *, row_number() over () as n from due),
  reminded as (
    insert into mail_deliveries (id, environment_id, invitation_id, kind, seq, email, email_canonical)
    select fresh.delivery_id, environment_id, numbered.id, 'invitation-reminder', seq, email, email_canonical
    from numbered join unnest(:delivery_ids, :event_ids) with ordinality as fresh(delivery_id, event_id, n) using (n)
    on conflict (invitation_id, kind, seq) do nothing
    returning invitation_id
  ),
  events_written as (
    insert into events (id, environment_id, type, actor_kind, organization_id, subject_id)
    select fresh.event_id, environment_id, 'invitation.reminded', 'system', organization_id, numbered.id
    from numbered join unnest(:delivery_ids, :event_ids) with ordinality as fresh(delivery_id, event_id, n) using (n)
    where numbered.id in (select invitation_id from reminded)
  )
  select count(*)::int as reminded from reminded`,
);

/**
 * Writes a reminder for each invitation that has been pending for one of the environment's reminder days, unless its
 * inviter could no longer send it. An answer given after this is noticed when the email is claimed.
 * @param aborted asked between chunks.
 * @returns the number of reminders.
 */
export function remindInvitees(db: Knex, aborted: () => boolean): Promise<number> {
  const ids = (prefix: "dlv" | "evt") => Array.from({ length: CHUNK }, () => newId(prefix));
  return inChunks(CHUNK, aborted, async () => {
    const given = { limit: CHUNK, delivery_ids: ids("dlv"), event_ids: ids("evt") };
    const [chunk] = await writeReminders(db, given);
    return chunk?.reminded ?? 0;
  });
}
