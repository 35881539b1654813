import type { Knex } from "knex";
import { statement } from "../db/statement.ts";
import { newId } from "../lib/id.ts";
import type { Outcome } from "./outcome.ts";
import { failureCause, storableReply } from "./replies.ts";
import { REPORT_FAILURES } from "./report-failures.ts";
import { timelineEntry, timelineWith } from "./timeline.ts";

/** The outcome as an entry of the timeline. */
const HAPPENED = timelineEntry({
  what: "case o.state when 'pending' then 'deferred' else o.state end",
  code: "o.code",
  reply: "o.reply",
});

/** Identifies the claim. Comparing attempts isn't enough when one is taken back, because that could happen twice. */
const SAME_CLAIM = "extract(epoch from d.updated_at)::text = o.claimed_at";

/**
 * Writes many outcomes and their consequences in one round trip. Only the current holder of a delivery settles it. An
 * attempt that was overtaken changes nothing unless its email was accepted. An excused attempt is taken back, as if
 * there had been no claim.
 */
const writeOutcomes = statement<never, { outcomes: string }>(
  "record-outcomes",
  { outcomes: "jsonb" },
  `
  with outcome as (
    select * from jsonb_to_recordset(:outcomes)
      as o(id text, attempts int, state text, retry_after int, code int, reply text, ambiguous boolean, suppress boolean, excused boolean, claimed_at text, suppression_id text, event_id text, cause text, failure_event_id text, notice_id text)
  ),
  recorded as (
    update mail_deliveries d set
      state = o.state,
      attempts = d.attempts - o.excused::int,
      due_at = now() + make_interval(secs => o.retry_after),
      smtp_code = o.code,
      reply = o.reply,
      ambiguous_attempts = ambiguous_attempts + o.ambiguous::int,
      sent_at = case when o.state = 'sent' then now() end,
      timeline = case when o.excused then timeline - (-1) else ${timelineWith(HAPPENED)} end,
      updated_at = now()
    from outcome o where o.id = d.id
      and (d.state = 'sending' and d.attempts = o.attempts and (not o.excused or ${SAME_CLAIM}) or o.state = 'sent' and d.state <> 'sent')
      -- A provider may report the bounce before this is written.
      and not d.timeline @> '[{"what": "bounced"}]'
    returning d.id, d.environment_id, d.organization_id, d.invitation_id, d.kind, d.email, d.email_canonical, d.state,
      o.code as smtp_code, o.reply, o.suppress, o.suppression_id, o.event_id, o.cause, o.failure_event_id, o.notice_id
  ),
  suppressed as (
    insert into suppressions (id, environment_id, email_canonical, reason, detail)
    select distinct on (environment_id, email_canonical) suppression_id, environment_id, email_canonical, 'bounced', reply
    from recorded where suppress
    on conflict do nothing
    returning *
  ),
  failures as (
    select id, environment_id, organization_id, invitation_id, kind, email, cause, smtp_code, reply,
      'delivery.failed' as event_type, failure_event_id as event_id, notice_id, null::text as request_id
    from recorded where state = 'failed'
  ),
  ${REPORT_FAILURES}
  insert into events (id, environment_id, type, actor_kind, subject_id, data)
  select event_id, s.environment_id, 'suppression.created', 'system', s.id,
    jsonb_build_object('email', s.email_canonical, 'reason', s.reason)
  from suppressed s join recorded r on r.suppression_id = s.id`,
);

export interface DeliveryOutcome extends Outcome {
  id: string;
  /** The number of this attempt, as claimed. */
  attempts: number;
  /** The time of the claim. Without it, an attempt can't be taken back. */
  claimed_at?: string;
}

export async function recordOutcomes(db: Knex, outcomes: DeliveryOutcome[]): Promise<void> {
  const rows = outcomes.map(({ retryAfter, reply, trouble, ...outcome }) => ({
    ...outcome,
    excused: trouble !== null,
    retry_after: retryAfter,
    reply: storableReply(reply),
    suppression_id: newId("sup"),
    event_id: newId("evt"),
    ...(outcome.state === "failed" && {
      cause: failureCause({ ...outcome, reply }),
      failure_event_id: newId("evt"),
      notice_id: newId("dlv"),
    }),
  }));
  await writeOutcomes(db, { outcomes: JSON.stringify(rows) });
}
