import type { Knex } from "knex";
import { statement } from "../db/statement.ts";
import { recordEvents } from "../events/record-events.ts";
import type { LockedBatch } from "./lock-next-batch.ts";

/** What became of a row. */
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

/** Writes down what became of a chunk's rows, counts them, and ends the batch with the last. The batch is locked. */
export async function settleRows(
  trx: Knex.Transaction,
  { id, kind, environment_id, organization_id, request_id }: LockedBatch,
  outcomes: RowOutcome[],
  isLast: boolean,
): Promise<void> {
  const [counts] = await settle(trx, {
    batch_id: id,
    outcomes: JSON.stringify(outcomes),
    is_last: isLast,
  });
  if (!isLast || counts === undefined) return;
  const actor = { kind: "system", user_id: null, request_id } as const;
  await recordEvents(trx, actor, [
    {
      type: "invitation_batch.completed",
      environment_id,
      organization_id,
      subject_id: id,
      data: countsOf(kind, counts),
    },
  ]);
}

/** What the last event of a batch says. */
export function countsOf(kind: LockedBatch["kind"], counts: Counts): Record<string, number> {
  const { total_count, created_count, resent_count, failed_count, duplicate_count } = counts;
  return kind === "resend"
    ? { total_count, resent_count, failed_count }
    : { total_count, created_count, failed_count, duplicate_count };
}
