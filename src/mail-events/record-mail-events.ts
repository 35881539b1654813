import { z } from "zod";
import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import type { Actor } from "../events/record-events.ts";
import { type EmailAddress, parseEmailAddress } from "../lib/email-address.ts";
import { newId } from "../lib/id.ts";
import type { WarnRarely } from "../lib/warn-rarely.ts";
import { judgeRefusal } from "../mail/judge-refusal.ts";
import { failureCause, storableReply } from "../mail/replies.ts";
import { failureFields } from "../mail/report-failures.ts";
import type { TimelineEntry } from "../models/mail-delivery.ts";
import type { SuppressionReason } from "../models/suppression.ts";
import type { MailEvent } from "./read-mail-events.ts";
import { type Match, writeMailEvents } from "./write-mail-events.ts";

/** The response of `POST /mail-events`. */
export const mailEventCounts = z.object({
  recorded: z.int().min(0).describe("Events that were new."),
  repeated: z.int().min(0).describe("Events that were reported before."),
  unknown: z.int().min(0).describe("Events for which no email has this `message_id` and address."),
  refused: z.int().min(0).describe("Events that can't be read."),
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
 * Records a provider's reports about emails that left, in each email's timeline and with all consequences:
 * - A complaint, or a permanent bounce of a mailbox that is gone, suppresses the address in the email's environment.
 * - A permanent bounce makes the email failed. A temporary one, often a vacation reply, is a deferral.
 * - A complaint about an invitation pauses the user who sent it, for as long as the environment says.
 * - A report of delivery settles an email whose outcome was unknown.
 *
 * Repeated reports change nothing, in any order.
 * @param events each as it was read, or a sentence that says why it couldn't be.
 */
export async function recordMailEvents(
  { db, queues }: Context,
  events: Array<MailEvent | string>,
  actor: Actor,
  warn: WarnRarely,
): Promise<Answer> {
  const results: Result[] = [];
  const reported: Reported[] = [];
  events.forEach((event, index) => {
    const read = typeof event === "string" ? event : presentEvent(event, index);
    if (typeof event === "string") results[index] = { index, status: "refused", detail: event };
    else if (typeof read === "string") results[index] = { index, status: "unknown", detail: read };
    else reported.push(read);
  });
  const written = {
    events: JSON.stringify(reported),
    actor_kind: actor.kind,
    request_id: actor.request_id,
  };
  // In a transaction because of its retries: a worker may be writing outcomes of the same emails in another order.
  const matches = await transaction(db, (trx, afterCommit) => {
    afterCommit(() => queues.wakeUp("mail"));
    return writeMailEvents(trx, written);
  });
  const found = new Map(matches.map((match) => [match.n, match]));
  for (const { n: index, cause, code, detail } of reported) {
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
    ? { status: "recorded", detail: "It was recorded." }
    : { status: "repeated", detail: "It was reported before; nothing has changed." };
}

type Reported = Exclude<ReturnType<typeof presentEvent>, string>;

/** Finds the address: providers write a mailbox such as `A <a@b>`, and mail servers' reports `rfc822; a@b`. */
function addressIn(recipient: string): EmailAddress | undefined {
  const [, bracketed] = /<([^<>]*)>[^<>]*$/.exec(recipient) ?? [];
  const bare = (bracketed ?? recipient).trim().replace(/^(rfc822;|mailto:)\s*/i, "");
  return parseEmailAddress(bare.replace(/\s\([^()]*\)$/, "").trim());
}

/** Converts an event for the statement. @returns a sentence if the event can't be about any of our emails. */
function presentEvent(event: MailEvent, n: number) {
  const address = addressIn(event.email);
  const [, id] = /^\s*<?([^\s<>\p{Cc}\p{Cs}]{1,500})>?\s*$/u.exec(event.message_id ?? "") ?? [];
  if (address === undefined)
    return "No email can be found: `email` must hold an address such as mary@acme.example.";
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
  // Providers also call a bounce permanent if it is our fault. So the reply decides, if there is one.
  const isDead = what === "bounced" && (detail === undefined || judgeRefusal(detail) === "recipient");
  const reason: SuppressionReason | null = isDead || what === "complained" ? what : null;
  return {
    n,
    message_id: `<${id}>`,
    email_canonical: address.canonical,
    entry,
    // An email may be deferred any number of times; everything else happens to it once.
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

/** Moves a time in the future to now, because the reporter's clock may be fast. */
function atLatestNow(time: string): string {
  return new Date(Math.min(Date.parse(time), Date.now())).toISOString();
}
