import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { conflict, notFound } from "../errors.ts";
import type { Actor } from "../events/record-events.ts";
import { InvitationBatch } from "../models/invitation-batch.ts";
import { Organization } from "../models/organization.ts";
import { currentCeiling } from "../roles/current-ceiling.ts";
import { cancelRest } from "./cancel-rest.ts";

/**
 * Ends a batch before its time, once the rows a worker has in hand are done. Canceling again answers the same.
 * @throws 404, 403 when the right is lost meanwhile, 409 when it is completed.
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
      await currentCeiling(trx, actor, batch.organization_id, "members:manage");
    }
    if (batch.status === "completed")
      throw conflict("batch_completed", "The batch is completed; revoke the invitations you don't want.");
    return batch.status === "canceled" ? batch : cancelRest(trx, batch, actor);
  });
}
