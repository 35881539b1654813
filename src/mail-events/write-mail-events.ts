import { statement } from "../db/statement.ts";
import type { Actor } from "../events/record-events.ts";
import { REPORT_FAILURES } from "../mail/report-failures.ts";
import { timelineWith } from "../mail/timeline.ts";
import { UNLESS_SUPPRESSED } from "../suppressions/opt-out.ts";

/** An event that is about one of our emails. */
export interface Match {
  n: number;
  delivery_id: string;
  /** Whether it wasn't reported before. */
  is_new: boolean;
}

interface MailEvents {
  /** JSON. */
  events: string;
  actor_kind: Actor["kind"];
  request_id: string | null;
}

/** Days a user sends no invitations after a complaint, unless the environment says otherwise. */
const DEFAULT_PAUSE_DAYS = 1;

/** SQL for whether a report of delivery settles the email. While it is `sending`, its worker records the outcome itself. */
const SETTLES = "is_delivered and state in ('pending', 'unknown')";

/**
 * Records reports about emails. Locks the rows in the order of their ids and reads them afterwards, so that two
 * reports about the same emails wait for each other.
 */
export const writeMailEvents = statement<Match, MailEvents>(
  "record-mail-events",
  { events: "jsonb", actor_kind: "text", request_id: "text" },
  `
  with reported as (
    select * from jsonb_to_recordset(:events)
      as t(n int, message_id text, email_canonical text, entry jsonb, known_by jsonb, reason text, detail text, code int, suppression_id text, event_id text, pause_event_id text, failure_event_id text, notice_id text, cause text)
  ),
  held as (
    select id, environment_id, message_id, email_canonical, timeline, state from mail_deliveries
    where message_id in (select message_id from reported)
    order by id for update
  ),
  matched as (
    select t.*, h.id as delivery_id, h.environment_id, h.state = 'failed' as had_failed, h.timeline @> t.known_by as is_known
    from reported t join held h using (message_id, email_canonical)
  ),
  fresh as (
    select distinct on (delivery_id, known_by) * from matched where not is_known order by delivery_id, known_by, n
  ),
  together as (
    select delivery_id,
      jsonb_agg(jsonb_build_object('at', now()) || entry order by n) as entries,
      bool_or(entry->>'what' = 'bounced') as has_bounced,
      bool_or(entry->>'what' = 'delivered') as is_delivered,
      min(detail) filter (where entry->>'what' = 'bounced') as detail,
      min(code) filter (where entry->>'what' = 'bounced') as code
    from fresh group by delivery_id
  ),
  written as (
    update mail_deliveries d set
      state = case when has_bounced then 'failed' when ${SETTLES} then 'sent' else state end,
      due_at = case when not has_bounced and not (${SETTLES}) then due_at end,
      sent_at = case when not has_bounced and ${SETTLES} then now() else sent_at end,
      smtp_code = case when has_bounced then t.code else smtp_code end,
      reply = case when has_bounced then coalesce(t.detail, 'it bounced') else reply end,
      timeline = ${timelineWith("entries")},
      updated_at = now()
    from together t
    where d.id = t.delivery_id
    returning d.*
  ),
  failures as (
    select d.id, d.environment_id, d.organization_id, d.invitation_id, d.kind, d.email, f.cause, d.smtp_code, d.reply,
      'delivery.bounced' as event_type, f.failure_event_id as event_id,
      -- The inviter already knows about emails that had failed before.
      case when not had_failed then f.notice_id end as notice_id, :request_id as request_id
    from fresh f join written d on d.id = f.delivery_id where f.cause is not null
  ),
  ${REPORT_FAILURES},
  suppressed as (
    insert into suppressions (id, environment_id, email_canonical, reason, detail)
    select distinct on (environment_id, email_canonical) suppression_id, environment_id, email_canonical, reason, detail
    from fresh where reason is not null
    -- A complaint says more than a bounce.
    order by environment_id, email_canonical, reason desc, n
    ${UNLESS_SUPPRESSED}
  ),
  logged as (
    insert into events (id, environment_id, type, actor_kind, subject_id, data, request_id)
    select distinct on (s.id) f.event_id, s.environment_id, 'suppression.created', :actor_kind, s.id,
      jsonb_build_object('email', s.email_canonical, 'reason', s.reason), :request_id
    from suppressed s join fresh f using (environment_id, email_canonical)
    order by s.id, f.n
  ),
  annoyed as (
    select coalesce(d.sender_user_id, i.inviter_user_id) as user_id, min(f.pause_event_id) as event_id,
      max(coalesce((e.settings->>'complaint_pause_days')::int, ${DEFAULT_PAUSE_DAYS})) as days
    from fresh f
    join mail_deliveries d on d.id = f.delivery_id
    join invitations i on i.id = d.invitation_id
    join environments e on e.id = d.environment_id
    where f.reason = 'complained' and d.kind in ('invitation', 'invitation-reminder')
    group by 1
  ),
  paused as (
    update users u set inviting_paused_until = greatest(u.inviting_paused_until, now() + make_interval(days => days)),
      updated_at = now()
    from annoyed where u.id = annoyed.user_id and days > 0
    returning u.id, u.environment_id, u.inviting_paused_until, annoyed.event_id
  ),
  pauses_logged as (
    insert into events (id, environment_id, type, actor_kind, subject_id, data, request_id)
    select event_id, environment_id, 'user.inviting_paused', :actor_kind, id,
      jsonb_build_object('until', inviting_paused_until, 'reason', 'complained'), :request_id
    from paused
  )
  select n, delivery_id, exists (select from fresh where fresh.n = matched.n) as is_new from matched`,
);
