import { z } from "zod";
import type { Context } from "../context.ts";
import { statement } from "../db/statement.ts";
import { transaction } from "../db/transaction.ts";
import type { Actor } from "../events/record-events.ts";
import { type EmailAddress, parseEmailAddress } from "../lib/email-address.ts";
import { newId } from "../lib/id.ts";
import type { WarnRarely } from "../lib/warn-rarely.ts";
import { failureCause } from "../mail/failure-cause.ts";
import { judgeRefusal } from "../mail/judge-refusal.ts";
import { storableReply } from "../mail/storable-reply.ts";
import { failureFields, TELL_FAILURES } from "../mail/tell-failures.ts";
import { timelineWith } from "../mail/timeline.ts";
import type { TimelineEntry } from "../models/mail-delivery.ts";
import type { SuppressionReason } from "../models/suppression.ts";
import { UNLESS_SUPPRESSED } from "../suppressions/unless-suppressed.ts";
import type { MailEvent } from "./read-mail-events.ts";

/** The answer of `POST /mail-events`. */
export const mailEventCounts = z.object({
  recorded: z.int().min(0).describe("What was new."),
  repeated: z.int().min(0).describe("What was told before."),
  unknown: z.int().min(0).describe("Of no mail of ours, as far as its `Message-ID` and address tell."),
  refused: z.int().min(0).describe("What could not be read."),
  results: z
    .array(
      z.object({
        index: z.int().min(0).describe("The event's place in the request, from 0."),
        status: z.enum(["recorded", "repeated", "unknown", "refused"]),
        detail: z.string().describe("A sentence for people."),
      }),
    )
    .describe("What became of each event."),
});

type Answer = z.infer<typeof mailEventCounts>;
type Result = Answer["results"][number];

/**
 * Writes down what a provider tells of mails that left: in the mail's timeline, and what follows from it. A bounce for
 * good and a complaint suppress the address in the mail's environment; the mail that bounced has failed. A complaint
 * about an invitation pauses the user who sent it, for as long as the environment says. A bounce that
 * may pass, as a vacation reply is often called, is a deferral. A delivery settles a mail whose fate was unknown, and
 * makes none worse. What was told before is passed over, whatever its order: telling it twice changes nothing.
 * @param events each as it was read, or what is wrong with it.
 * @param warn logs what somebody should know of.
 */
export async function recordMailEvents(
  { db, queues }: Context,
  events: Array<MailEvent | string>,
  actor: Actor,
  warn: WarnRarely,
): Promise<Answer> {
  const results: Result[] = [];
  const told: Told[] = [];
  events.forEach((event, index) => {
    const read = typeof event === "string" ? event : presentEvent(event, index);
    if (typeof event === "string") results[index] = { index, status: "refused", detail: event };
    else if (typeof read === "string") results[index] = { index, status: "unknown", detail: read };
    else told.push(read);
  });
  const values = [JSON.stringify(told), actor.kind, actor.request_id];
  // In a transaction for its retries: outcomes of the same mails may be written right now, in another order.
  const matches = await transaction(db, (trx, afterCommit) => {
    afterCommit(() => queues.hint("mail"));
    return writeMailEvents(trx, values);
  });
  const found = new Map(matches.map((match) => [match.n, match]));
  for (const { n: index, cause, code, detail } of told) {
    const match = found.get(index);
    results[index] = { index, ...resultOf(match) };
    if (match?.is_new && cause !== null)
      warn(
        `bounced: ${cause}`,
        failureFields(match.delivery_id, { cause, code, reply: detail ?? "" }),
        BOUNCED,
      );
  }
  const count = (status: Result["status"]) => results.filter((result) => result.status === status).length;
  const refused = results.find(({ status }) => status === "refused");
  if (refused !== undefined)
    warn("refused", { request: actor.request_id, index: refused.index, detail: refused.detail }, UNREADABLE);
  return {
    recorded: count("recorded"),
    repeated: count("repeated"),
    unknown: count("unknown"),
    refused: count("refused"),
    results,
  };
}

const BOUNCED = "an email that had left has bounced";
const UNREADABLE = "an event reported to /mail-events can't be read";

function resultOf(match: Match | undefined): Omit<Result, "index"> {
  if (match === undefined)
    return { status: "unknown", detail: "No email with this `message_id` was sent to this address." };
  return match.is_new
    ? { status: "recorded", detail: "It was written down." }
    : { status: "repeated", detail: "It was reported before; nothing has changed." };
}

type Told = Exclude<ReturnType<typeof presentEvent>, string>;

/** Providers write a recipient as a mailbox, a mail server's report as `rfc822; a@b`; the address is what counts. */
function addressIn(recipient: string): EmailAddress | undefined {
  const [, bracketed] = /<([^<>]*)>[^<>]*$/.exec(recipient) ?? [];
  const bare = (bracketed ?? recipient).trim().replace(/^(rfc822;|mailto:)\s*/i, "");
  return parseEmailAddress(bare.replace(/\s\([^()]*\)$/, "").trim());
}

/** An event as the statement takes it; a sentence where it can be about none of our emails. */
function presentEvent(event: MailEvent, n: number) {
  const address = addressIn(event.email);
  const [, id] = /^\s*<?([^\s<>\p{Cc}\p{Cs}]{1,500})>?\s*$/u.exec(event.message_id ?? "") ?? [];
  if (address === undefined)
    return "No email can be found: `email` holds no address such as mary@acme.example.";
  if (id === undefined)
    return "No email can be found: `message_id` must be that of the email, such as <dlv_…@acme.example>.";
  const what = event.type === "bounced" && event.permanent !== true ? "deferred" : event.type;
  const detail = event.detail ? storableReply(event.detail) : undefined;
  const code = Number(/^([245]\d\d)\b/.exec(detail ?? "")?.[1] ?? 0);
  const at = event.occurred_at ? atLatestNow(event.occurred_at) : undefined;
  const entry: Partial<TimelineEntry> = {
    what,
    ...(at === undefined ? {} : { at }),
    ...(code === 0 ? {} : { smtp_code: code }),
    ...(detail === undefined ? {} : { reply: detail }),
  };
  // A provider calls a bounce permanent for our faults, too; without its words its own word is all there is.
  const isDead = what === "bounced" && (detail === undefined || judgeRefusal(detail) === "recipient");
  const reason: SuppressionReason | null = isDead || what === "complained" ? what : null;
  return {
    n,
    message_id: `<${id}>`,
    email_canonical: address.canonical,
    entry,
    // A mail is deferred any number of times; all else happens to it once.
    known_by: [what === "deferred" ? entry : { what }],
    reason,
    detail: detail ?? null,
    code: code === 0 ? null : code,
    suppression_id: newId("sup"),
    event_id: newId("evt"),
    pause_event_id: newId("evt"),
    failure_event_id: newId("evt"),
    notice_id: newId("dlv"),
    cause: what === "bounced" ? failureCause({ code: 550, reply: detail ?? "", suppress: isDead }) : null,
  };
}

/** An event of one of our emails. */
interface Match {
  n: number;
  delivery_id: string;
  /** It was not known before. */
  is_new: boolean;
}

/** Another's clock may be wrong; nothing has happened in the future. */
function atLatestNow(time: string): string {
  return new Date(Math.min(Date.parse(time), Date.now())).toISOString();
}

/** Days a user sends no invitations after a complaint, unless the environment says otherwise. */
const DEFAULT_PAUSE_DAYS = 1;

/** SQL: a delivery tells what became of the mail. Whoever sends it right now will say so themselves. */
const SETTLES = "is_delivered and state in ('pending', 'unknown')";

/**
 * `$1`: events as JSON, `$2`, `$3`: the kind of actor and the request of the events that are recorded. Rows are locked
 * in the order of their ids, so that two that tell of the same mails wait for each other, and read afterwards.
 */
const writeMailEvents = statement<Match>(
  "record-mail-events",
  `
  with told as (
    select * from jsonb_to_recordset($1::jsonb)
      as t(n int, message_id text, email_canonical text, entry jsonb, known_by jsonb, reason text, detail text, code int, suppression_id text, event_id text, pause_event_id text, failure_event_id text, notice_id text, cause text)
  ),
  held as (
    select id, environment_id, message_id, email_canonical, timeline, state from mail_deliveries
    where message_id in (select message_id from told)
    order by id for update
  ),
  matched as (
    select t.*, h.id as delivery_id, h.environment_id, h.state = 'failed' as had_failed, h.timeline @> t.known_by as is_known
    from told t join held h using (message_id, email_canonical)
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
      -- Of what had failed before, the inviter knows.
      case when not had_failed then f.notice_id end as notice_id, $3::text as request_id
    from fresh f join written d on d.id = f.delivery_id where f.cause is not null
  ),
  ${TELL_FAILURES},
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
    select distinct on (s.id) f.event_id, s.environment_id, 'suppression.created', $2, s.id,
      jsonb_build_object('email', s.email_canonical, 'reason', s.reason), $3
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
    select event_id, environment_id, 'user.inviting_paused', $2, id,
      jsonb_build_object('until', inviting_paused_until, 'reason', 'complained'), $3
    from paused
  )
  select n, delivery_id, exists (select from fresh where fresh.n = matched.n) as is_new from matched`,
);
