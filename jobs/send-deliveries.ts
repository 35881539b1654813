import { defineJob } from "./define-job.ts";

/**
 * Queued by: every command that writes a delivery, after its commit; `sweep`.
 * Payload:   none: `mail_deliveries` says what is due.
 * Retries:   none here: the row holds the time of its next attempt (`src/mail/outcome.ts`), and the sweeper finds it.
 * Twice:     harmless: a guarded write claims each delivery, and only the claimant sends it.
 */
export const sendDeliveries = defineJob({
  queue: "mail",
  name: "send-deliveries",
  run: ({ deliveries }) => deliveries.run(),
});
