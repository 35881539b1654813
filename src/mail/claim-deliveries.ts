import type { Knex } from "knex";
import { statement } from "../db/statement.ts";
import { REMINDER_SEQ_PER_MAIL } from "../invitations/remind-invitees.ts";
import { newId } from "../lib/id.ts";
import { personNameSql } from "../models/person-name.ts";
import type { FailureCause } from "./replies.ts";
import { REPORT_FAILURES, SUPPRESSED_REPLY } from "./report-failures.ts";
import { timelineEntry, timelineWith } from "./timeline.ts";

/** A delivery whose lease this worker holds, with everything its email says. Nothing more is read before sending. */
export type ClaimedDelivery = ClaimedRow & Contents;

interface ClaimedRow {
  id: string;
  state: "sending" | "suppressed" | "unknown";
  email: string;
  message_id: string;
  in_reply_to: string | null;
  attempts: number;
  ambiguous_attempts: number;
  /** The time of the claim, to the microsecond. It identifies the claim. */
  claimed_at: string;
  reply: string | null;
  product: string;
  from_name: string | null;
  /** The languages of the invitation and the environment, whether or not there is a translation. */
  locales: string[];
  organization: string;
  invitation_id: string;
  invited_email: string;
  roles: string[];
}

/** The further contents of each kind of email. */
type Contents =
  | {
      kind: "invitation" | "invitation-reminder";
      token_version: number;
      inviter: string | null;
      message: string | null;
      expires_at: Date;
    }
  | { kind: "invitation-accepted"; invitee: string | null; accepted_at: Date }
  | { kind: "invitation-declined"; invitee: string | null; declined_at: Date }
  | { kind: "invitation-expired"; expires_at: Date; others: number }
  | {
      kind: "invitation-undelivered";
      about: { count: number; failures: Array<{ email: string; cause: FailureCause }> };
    };

/** The timeline entries of a claim: the loss of an earlier worker, if there was one, and the decision made now. */
const HAPPENED = `case when d.state = 'sending' then ${timelineEntry({ what: "'lease_lost'" })} else '[]' end || ${timelineEntry(
  { what: "case decision when 'sending' then 'attempt' else decision end", reply: "note" },
)}`;

/** How long a lost worker keeps a delivery. A living worker renews its lease. */
export const LEASE_SECONDS = 60;

interface Claim {
  limit: number;
  seconds: number;
  domain: string;
  refusing?: string[];
}

/**
 * Claims due deliveries, except those to domains that are refusing us: a guarded write with a lease on the database's
 * clock. An email that has become pointless (answered, expired, revoked, organization gone, address suppressed) is
 * settled with the reason instead: as suppressed, or as unknown if an earlier attempt may have left. If a lease ends
 * while its row is `sending`, the email may have left: an ambiguous attempt, and the second one is the last.
 */
const claim = statement<ClaimedDelivery, Required<Claim> & { event_ids: string[]; notice_ids: string[] }>(
  "claim-deliveries",
  {
    limit: "int",
    seconds: "int",
    domain: "text",
    event_ids: "text[]",
    notice_ids: "text[]",
    refusing: "text[]",
  },
  `
  with due as (
    select * from mail_deliveries
    where due_at <= now() and lower(substring(email from '@[^@]*$')) <> all(:refusing)
    order by due_at limit :limit for update skip locked
  ),
  judged as (
    select d.id, d.ambiguous_attempts + (d.state = 'sending')::int as ambiguous_attempts,
      case
        when o.deleting_at is not null then 'the organization is being deleted'
        when is_to_invitee and i.status <> 'pending' then 'the invitation was ' || i.status
        when is_to_invitee and i.expires_at <= now() then 'the invitation had expired'
        when d.kind = 'invitation' and d.seq <> i.token_version then 'a newer email replaced it'
        when d.kind = 'invitation-reminder' and d.seq <= (i.token_version - 1) * ${REMINDER_SEQ_PER_MAIL}
          then 'a newer email replaced it'
        when s.reason = 'opted_out' and not is_to_invitee then null
        -- Doesn't say why: inviters must not learn that somebody opted out.
        when s.reason is not null then 'the address is suppressed'
        when is_to_invitee and sender.inviting_paused_until > now() then 'its inviter may not send invitations at the moment'
      end as obsolete
    from due d
    join invitations i on i.id = d.invitation_id
    join organizations o on o.id = i.organization_id
    -- The other kinds are notices to the inviter.
    cross join lateral (select d.kind in ('invitation', 'invitation-reminder') as is_to_invitee) of_kind
    left join suppressions s on s.environment_id = d.environment_id and s.email_canonical = d.email_canonical
    -- A reminder is sent in the inviter's name. An email that a program resends is not.
    left join users sender
      on sender.id = coalesce(d.sender_user_id, case when d.kind = 'invitation-reminder' then i.inviter_user_id end)
  ),
  decided as (
    select *, case
      when obsolete is not null and ambiguous_attempts = 0 then 'suppressed'
      when obsolete is not null or ambiguous_attempts > 1 then 'unknown'
      else 'sending'
    end as decision
    from judged
  ),
  noted as (
    select *, case
      when decision = 'suppressed' then 'not sent: ' || obsolete
      when obsolete is not null then 'not sent again: ' || obsolete
      when decision = 'unknown' then 'a worker was lost while it sent this; nobody knows whether it arrived'
    end as note
    from decided
  ),
  claimed as (
    update mail_deliveries d set
      state = decision,
      due_at = case when decision = 'sending' then now() + make_interval(secs => :seconds) end,
      attempts = attempts + (decision = 'sending')::int,
      ambiguous_attempts = j.ambiguous_attempts,
      message_id = coalesce(message_id, '<' || d.id || '@' || :domain || '>'),
      reply = coalesce(note, reply),
      timeline = ${timelineWith(HAPPENED)},
      updated_at = now()
    from noted j where j.id = d.id
    returning d.*
  ),
  failures as (
    select c.id, environment_id, organization_id, invitation_id, kind, email, 'suppressed' as cause, null::int as smtp_code,
      reply, 'delivery.failed' as event_type, fresh.event_id, fresh.notice_id, null::text as request_id
    from (
      select *, row_number() over (order by id) as n from claimed where state = 'suppressed' and reply = '${SUPPRESSED_REPLY}'
    ) c
    join unnest(:event_ids, :notice_ids) with ordinality as fresh(event_id, notice_id, n) using (n)
  ),
  ${REPORT_FAILURES}
  select c.id, c.state, c.kind, c.email, c.message_id, c.attempts, c.ambiguous_attempts, c.about, c.reply,
    extract(epoch from c.updated_at)::text as claimed_at, e.name as product, e.settings->>'from_name' as from_name,
    array_remove(array[i.locale, e.settings->>'locale'], null) as locales,
    o.name as organization, i.id as invitation_id, i.email as invited_email, i.token_version, i.message,
    i.expires_at, i.accepted_at, i.declined_at, i.expired_at,
    -- The number of the inviter's other invitations that expired at the same moment.
    case when c.kind = 'invitation-expired' then (
      select count(*)::int - 1 from invitations other
      where other.organization_id = i.organization_id and other.inviter_user_id = i.inviter_user_id
        and other.expired_at = i.expired_at
    ) end as others,
    -- The email that a reminder is about. Mail programs show both as one conversation.
    case when c.kind = 'invitation-reminder' then (
      select first.message_id from mail_deliveries first
      where first.invitation_id = i.id and first.kind = 'invitation' and first.seq = i.token_version
    ) end as in_reply_to,
    array(select r.name from invitation_roles ir join roles r on r.id = ir.role_id where ir.invitation_id = i.id order by r.name) as roles,
    ${personNameSql("inviter")} as inviter, ${personNameSql("invitee")} as invitee
  from claimed c
  join environments e on e.id = c.environment_id
  join invitations i on i.id = c.invitation_id
  join organizations o on o.id = i.organization_id
  left join users inviter on inviter.id = i.inviter_user_id
  left join users invitee on invitee.id = i.accepted_by_user_id`,
);

/** Claims up to `limit` for `seconds`, with Message-IDs of `domain`. Claims none to the domains in `refusing` (`@example.com`). */
export function claimDeliveries(
  db: Knex,
  { limit, refusing = [], ...rest }: Claim,
): Promise<ClaimedDelivery[]> {
  const ids = (prefix: "evt" | "dlv") => Array.from({ length: limit }, () => newId(prefix));
  return claim(db, { ...rest, limit, refusing, event_ids: ids("evt"), notice_ids: ids("dlv") });
}
