import { z } from "zod";
import { remindInvitees as remind } from "../src/invitations/remind-invitees.ts";
import { defineJob } from "./define-job.ts";

/**
 * Queued by: the schedule, every hour.
 * Payload:   none.
 * Retries:   none: the next run finds whoever is still due.
 * Twice:     harmless: of two reminders of one day the table takes one.
 */
export const remindInvitees = defineJob({
  queue: "lifecycle",
  name: "remind-invitees",
  payload: z.object({}),
  every: () => 3_600_000,
  async run({ db, queues, log, stopping }) {
    const reminders = await remind(db, stopping);
    if (reminders === 0) return;
    queues.hint("mail");
    log.info({ reminders }, "reminded");
  },
});
