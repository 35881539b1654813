import type { Knex } from "knex";
import { statement } from "../db/statement.ts";
import type { Outcome } from "./outcome.ts";

/**
 * Writes many outcomes in one round trip, and what follows from them. Guarded: only who holds a delivery now says what
 * becomes of it, and an attempt that was overtaken says nothing, unless it knows that the mail was accepted.
 */
const writeOutcomes = statement<never>(
  "record-outcomes",
  `
  with outcome as (
    select * from jsonb_to_recordset($1::jsonb)
      as o(id text, attempts int, state text, retry_after int, code int, reply text, ambiguous boolean, suppress boolean)
  ),
  recorded as (
    update mail_deliveries d set
      state = o.state,
      due_at = now() + make_interval(secs => o.retry_after),
      smtp_code = o.code,
      reply = o.reply,
      ambiguous_attempts = ambiguous_attempts + o.ambiguous::int,
      sent_at = case when o.state = 'sent' then now() end,
      updated_at = now()
    from outcome o where o.id = d.id
      and (d.state = 'sending' and d.attempts = o.attempts or o.state = 'sent' and d.state <> 'sent')
    returning d.environment_id, d.email_canonical, o.suppress
  )
  insert into suppressions (environment_id, email_canonical, reason)
  select distinct environment_id, email_canonical, 'bounced' from recorded where suppress
  on conflict do nothing`,
);

export interface DeliveryOutcome extends Outcome {
  id: string;
  /** The delivery's count when it was claimed: which attempt this is the outcome of. */
  attempts: number;
}

export async function recordOutcomes(db: Knex, outcomes: DeliveryOutcome[]): Promise<void> {
  const rows = outcomes.map(({ retryAfter, reply, ...outcome }) => ({
    ...outcome,
    retry_after: retryAfter,
    reply: storable(reply),
  }));
  await writeOutcomes(db, [JSON.stringify(rows)]);
}

/** A receiver may say anything; Postgres takes neither a NUL nor half a surrogate pair, which cutting can leave. */
function storable(reply: string): string {
  return reply.slice(0, 500).replace(/\p{Cc}+|\p{Cs}/gu, " ");
}
