import type { Knex } from "knex";
import { conflict } from "../errors.ts";

/** Batches of one organization that are queued or running, whoever sent them: they run one after another. */
export const UNFINISHED_BATCHES = 10;

/**
 * Refuses a batch that would be one too many. Nobody is exempt, since it is about the queue and not about who asks.
 * The answer is final only with the organization locked: of many that come at once each then sees those before it.
 * @param batchId the batch itself, where it is written already.
 * @throws 409.
 */
export async function requireBatchAllowed(db: Knex, organizationId: string, batchId?: string): Promise<void> {
  const others = db("invitation_batches")
    .where({ organization_id: organizationId })
    // As the index of unfinished ones has it.
    .whereRaw("status in ('queued', 'running')")
    .limit(UNFINISHED_BATCHES)
    .pluck("id");
  if (batchId !== undefined) void others.whereNot({ id: batchId });
  if ((await others).length < UNFINISHED_BATCHES) return;
  const detail = `The organization has ${UNFINISHED_BATCHES} unfinished batches: wait for one to be completed, or cancel one.`;
  throw conflict("batch_limit", detail);
}
