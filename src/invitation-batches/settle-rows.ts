import type { Knex } from "knex";
import { statement } from "../db/statement.ts";
import { recordEvent, SYSTEM } from "../events/record-events.ts";
import type { LockedBatch } from "./lock-next-batch.ts";

/** The outcome of a row. */
export interface RowOutcome {
  number: number;
  status: "created" | "resent" | "failed";
  code: string | null;
  detail: string | null;
  invitation_id: string | null;
}

interface Counts {
  total_count: number;
  created_count: number;
  resent_count: number;
  failed_count: number;
  duplicate_count: number;
}

const settle = statement<Counts, { batch_id: string; outcomes: string; is_last: boolean }>(
  "settle-invitation-batch-rows",
  { batch_id: "text", outcomes: "jsonb", is_last: "boolean" },
  `
  with settled as (
    update invitation_batch_rows r
    set status = outcome.status, code = outcome.code, detail = outcome.detail, 
      invitation_id = coalesce(outcome.invitation_id, r.invitation_id),
      input = null, updated_at = now()
    from jsonb_to_recordset(:outcomes)
      as outcome (number int, status text, code text, detail text, invitation_id text)
    where r.batch_id = :batch_id and r.number = outcome.number and r.status = 'queued'
    returning r.status
  )
  update invitation_batches set
    status = case when :is_last then 'completed' else 'running' end,
    started_at = coalesce(started_at, now()), completed_at = case when :is_last then now() end, updated_at = now(),
    created_count = created_count + (select count(*) from settled where status = 'created'),
    resent_count = resent_count + (select count(*) from settled where status = 'resent'),
    failed_count = failed_count + (select count(*) from settled where status = 'failed')
  where id = :batch_id
  returning total_count, created_count, resent_count, failed_count, duplicate_count`,
);

/** Records the outcomes of a chunk's rows, counts them, and completes the batch after the last. The batch is locked. */
export async function settleRows(
  trx: Knex.Transaction,
  batch: LockedBatch,
  outcomes: RowOutcome[],
  isLast: boolean,
): Promise<void> {
  const settled = { batch_id: batch.id, outcomes: JSON.stringify(outcomes), is_last: isLast };
  const [counts] = await settle(trx, settled);
  if (!isLast || counts === undefined) return;
  const actor = { ...SYSTEM, request_id: batch.request_id };
  await recordEvent(trx, actor, "invitation_batch.completed", batch, countsOf(batch.kind, counts));
}

/** The counts that the last event of a batch records. */
export function countsOf(kind: LockedBatch["kind"], counts: Counts): Record<string, number> {
  const { total_count, created_count, resent_count, failed_count, duplicate_count } = counts;
  return kind === "resend"
    ? { total_count, resent_count, failed_count }
    : { total_count, created_count, failed_count, duplicate_count };
}
