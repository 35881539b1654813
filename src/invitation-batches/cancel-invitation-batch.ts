import type { Knex } from "knex";
import { raw } from "objection";
import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { conflict, notFound } from "../errors.ts";
import { type Actor, recordEvent } from "../events/record-events.ts";
import { InvitationBatch, InvitationBatchRow } from "../models/invitation-batch.ts";
import { Organization } from "../models/organization.ts";
import { requirePermissionNow } from "../roles/require-permission-now.ts";
import { countsOf } from "./settle-rows.ts";

/**
 * Cancels an unfinished batch, after the rows that a worker is processing. Canceling again returns the same.
 * @throws 404, 403 if the actor has just lost the right, 409 if it is completed.
 */
export function cancelInvitationBatch(
  { db }: Pick<Context, "db">,
  { id, environment_id }: Pick<InvitationBatch, "id" | "environment_id">,
  actor: Actor,
): Promise<InvitationBatch> {
  return transaction(db, async (trx) => {
    const batch = await InvitationBatch.query(trx).findById(id).where({ environment_id }).forNoKeyUpdate();
    if (batch === undefined) throw notFound("invitation batch");
    if (batch.organization_id !== null) {
      await Organization.lock(trx, environment_id, batch.organization_id);
      await requirePermissionNow(trx, actor, batch.organization_id, "members:manage");
    }
    if (batch.status === "completed")
      throw conflict("batch_completed", "The batch is completed. Revoke the invitations you don't want.");
    return batch.status === "canceled" ? batch : cancelRest(trx, batch, actor);
  });
}

/** Cancels the remaining rows of a batch that is locked, and ends it. Its invitations stay. */
export async function cancelRest(
  trx: Knex.Transaction,
  { id }: Pick<InvitationBatch, "id">,
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
  await recordEvent(trx, actor, "invitation_batch.canceled", canceled, data);
  return canceled;
}
