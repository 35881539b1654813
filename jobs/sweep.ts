import { statement } from "../src/db/statement.ts";
import { defineJob } from "./define-job.ts";

const findWork = statement<{ deliveries: boolean; deletions: boolean; batches: boolean }>(
  "sweep",
  {},
  `select
     exists (select from mail_deliveries where due_at <= now()) as deliveries,
     exists (select from organization_deletions where state = 'detaching') as deletions,
     exists (select from invitation_batches where status in ('queued', 'running')) as batches`,
);

/**
 * Finds rows whose wake-up was lost, whose retry is due or whose worker died, and wakes the queues again.
 *
 * Queued by: the schedule, every SWEEP_EVERY. If the queue is silent, `own-clock.ts` runs it and what it wakes.
 * Payload:   none.
 * Retries:   none: the next run finds the same rows.
 * Twice:     harmless: wake-ups are.
 */
export const sweep = defineJob({
  queue: "lifecycle",
  name: "sweep",
  every: ({ SWEEP_EVERY }) => SWEEP_EVERY,
  async run({ db, queues }) {
    const [work] = await findWork(db, {});
    if (work?.deliveries) queues.wakeUp("mail");
    if (work?.deletions) queues.wakeUp("detach");
    if (work?.batches) queues.wakeUp("batch");
  },
});
