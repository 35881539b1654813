import type { Knex } from "knex";
import { raw } from "objection";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { InvitationBatch, InvitationBatchRow } from "../models/invitation-batch.ts";
import { countsOf } from "./settle-rows.ts";

/** Ends an unfinished batch that is locked: rows that are left are canceled, what was invited stays. */
export async function cancelRest(
  trx: Knex.Transaction,
  { id, environment_id, organization_id }: Pick<InvitationBatch, "id" | "environment_id" | "organization_id">,
  actor: Actor,
): Promise<InvitationBatch> {
  await InvitationBatchRow.query(trx)
    .where({ batch_id: id, status: "queued" })
    .patch({ status: "canceled", input: null });
  const [canceled] = await InvitationBatch.query(trx)
    .where({ id })
    .patch({ status: "canceled", canceled_at: raw("now()") })
    .returning("*");
  if (canceled === undefined) throw new Error(`the locked batch ${id} is gone`);
  const data = countsOf(canceled.kind, canceled);
  await recordEvents(trx, actor, [
    { type: "invitation_batch.canceled", environment_id, organization_id, subject_id: id, data },
  ]);
  return canceled;
}
