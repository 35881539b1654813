import { type FailureCause, loggableReply } from "./replies.ts";

/** The most addresses that a notice lists. It counts the others. */
const LISTED = 20;

/** The reply of a delivery that isn't sent because its address is suppressed. It doesn't say why, because inviters must not know. */
export const SUPPRESSED_REPLY = "not sent: the address is suppressed";

/** Returns the fields of a log line about a failed delivery. */
export function failureFields(
  delivery: string,
  { cause, code, reply }: { cause: FailureCause; code: number | null; reply: string },
): object {
  return { delivery, cause, smtp_code: code, reply: loggableReply(reply) };
}

/**
 * SQL for the consequences of failures, as part of the statement that writes them: an event each, and a notice to the
 * inviter if the invitation is still open. It needs a CTE `failures` with the columns id, environment_id,
 * organization_id, invitation_id, kind, email, cause, smtp_code, reply, event_type, event_id, notice_id and
 * request_id.
 *
 * The first notice leaves at once. The next one waits an hour and collects further failures, so a thousand failures
 * cause two emails. A notice that fails causes no further notice, because it isn't an email to an invitee.
 */
export const REPORT_FAILURES = `
  failures_logged as (
    insert into events (id, environment_id, type, actor_kind, organization_id, subject_id, data, request_id)
    select event_id, environment_id, event_type, 'system', organization_id, id, jsonb_strip_nulls(jsonb_build_object(
      'kind', kind, 'email', email, 'invitation_id', invitation_id, 'cause', cause, 'smtp_code', smtp_code, 'reply', reply
    )), request_id
    from failures
  ),
  undelivered as (
    select f.environment_id, f.organization_id, u.email, u.email_canonical, count(*) as failed,
      (array_agg(f.invitation_id order by f.id))[1] as invitation_id, min(f.notice_id) as notice_id,
      jsonb_agg(jsonb_build_object('email', f.email, 'cause', f.cause) order by f.id) as failures
    from failures f
    join invitations i on i.id = f.invitation_id and i.status = 'pending' and i.expires_at > now()
    join users u on u.id = i.inviter_user_id and u.email_verified_at is not null
    join environments e on e.id = f.environment_id
    where f.kind in ('invitation', 'invitation-reminder') and f.notice_id is not null
      and coalesce((e.settings->'notify_inviter'->>'undelivered')::boolean, true)
    group by f.environment_id, f.organization_id, u.email, u.email_canonical
  ),
  inviters_notified as (
    insert into mail_deliveries as waiting (
      id, environment_id, organization_id, invitation_id, kind, seq, email, email_canonical, due_at, about
    )
    -- One invitation may be reported several times. Only the seq must differ, so it is the number of seconds since 2026 began.
    select notice_id, environment_id, organization_id, invitation_id, 'invitation-undelivered',
      extract(epoch from now())::int - 1767225600, email, email_canonical,
      greatest(now(), (
        select max(created_at) from mail_deliveries earlier
        where earlier.organization_id = undelivered.organization_id
          and earlier.email_canonical = undelivered.email_canonical and earlier.kind = 'invitation-undelivered'
      ) + interval '1 hour'),
      jsonb_build_object('count', failed, 'failures', jsonb_path_query_array(failures, '$[0 to ${LISTED - 1}]'))
    from undelivered
    -- In the same order everywhere, so that two statements that add to the same notices can't deadlock.
    order by organization_id, email_canonical
    on conflict (organization_id, email_canonical) where kind = 'invitation-undelivered' and message_id is null
    do update set updated_at = now(), about = jsonb_build_object(
      'count', (waiting.about->>'count')::int + (excluded.about->>'count')::int,
      'failures', jsonb_path_query_array(
        (waiting.about->'failures') || (excluded.about->'failures'), '$[0 to ${LISTED - 1}]'
      )
    )
  )`;
