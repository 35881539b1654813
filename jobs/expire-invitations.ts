import { expireInvitations as expire } from "../src/invitations/expire-invitations.ts";
import { defineJob } from "./define-job.ts";

/**
 * Queued by: the schedule, every EXPIRE_EVERY.
 * Payload:   none.
 * Retries:   none: the next run does the rest.
 * Twice:     harmless: only pending rows expire, and rows that another run holds are skipped.
 */
export const expireInvitations = defineJob({
  queue: "lifecycle",
  name: "expire-invitations",
  every: ({ EXPIRE_EVERY }) => EXPIRE_EVERY,
  async run({ db, queues, log, stopping }) {
    const expired = await expire(db, stopping);
    if (expired === 0) return;
    queues.wakeUp("mail");
    log.info({ expired }, "invitations expired");
  },
});
