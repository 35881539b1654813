import type { Knex } from "knex";
import { statement } from "../db/statement.ts";
import { newId } from "../lib/id.ts";

const CHUNK = 500;
/** Reminders of one mail there may be. */
export const REMINDERS_PER_MAIL = 10;
/** `seq` of a reminder is its day, which is 365 at most, and counts on by this with every newer mail. */
export const REMINDER_SEQ_PER_MAIL = 1_000;

/**
 * Who is due is found by the mail that left: so many days ago, but not a day longer, or a worker that was away for weeks
 * would remind everybody at once. `seq` says which mail and which day, so that no reminder is written twice, whoever
 * writes and however the days are changed meanwhile. A reminder that was missed is not made up for once the next is due.
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
 * Writes a mail to everybody whose invitation has gone unanswered for one of the environment's reminder days. Never
 * after an answer, and never of what its inviter could no longer send: what is answered meanwhile is judged once more when the mail is claimed.
 * @param aborted asked between chunks.
 * @returns how many.
 */
export async function remindInvitees(db: Knex, aborted: () => boolean): Promise<number> {
  let total = 0;
  while (!aborted()) {
    const ids = (prefix: "dlv" | "evt") => Array.from({ length: CHUNK }, () => newId(prefix));
    const [chunk] = await writeReminders(db, {
      limit: CHUNK,
      delivery_ids: ids("dlv"),
      event_ids: ids("evt"),
    });
    total += chunk?.reminded ?? 0;
    if (chunk === undefined || chunk.reminded < CHUNK) break;
  }
  return total;
}
