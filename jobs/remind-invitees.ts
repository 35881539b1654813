import { remindInvitees as remind } from "../src/invitations/remind-invitees.ts";
import { defineJob } from "./define-job.ts";

const HOUR = 3_600_000;

/**
 * Queued by: the schedule, every hour.
 * Payload:   none.
 * Retries:   none: the next run finds everyone who is still due.
 * Twice:     harmless: the table takes one reminder per invitation and day.
 */
export const remindInvitees = defineJob({
  queue: "lifecycle",
  name: "remind-invitees",
  every: () => HOUR,
  async run({ db, queues, log, stopping }) {
    const reminders = await remind(db, stopping);
    if (reminders === 0) return;
    queues.wakeUp("mail");
    log.info({ reminders }, "reminded");
  },
});
