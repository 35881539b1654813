import { z } from "zod";
import { runInvitationBatches as run } from "../src/invitation-batches/run-invitation-batches.ts";
import { defineJob } from "./define-job.ts";

/**
 * Queued by: createInvitationBatch, after its commit; `sweep`.
 * Payload:   none: it says that a batch is unfinished, `invitation_batches` says which.
 * Retries:   none here: the sweeper hints as long as one is unfinished.
 * Twice:     harmless: a batch another run holds is skipped, and a row that is settled is not taken again.
 */
export const runInvitationBatches = defineJob({
  queue: "batch",
  name: "run-invitation-batches",
  payload: z.object({}),
  run: (context) => run(context, context.stopping),
});
