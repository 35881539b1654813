import { runInvitationBatches as runBatches } from "../src/invitation-batches/run-invitation-batches.ts";
import { defineJob } from "./define-job.ts";

/**
 * Queued by: createInvitationBatch, after its commit; `sweep`.
 * Payload:   none: `invitation_batches` says which batches are unfinished.
 * Retries:   none here: the sweeper wakes it while one is unfinished.
 * Twice:     harmless: a batch that another run holds is skipped, and a settled row is not taken again.
 */
export const runInvitationBatches = defineJob({
  queue: "batch",
  name: "run-invitation-batches",
  run: (context) => runBatches(context, context.stopping),
});
