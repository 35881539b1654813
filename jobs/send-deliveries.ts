import { z } from "zod";
import { defineJob } from "./define-job.ts";

/**
 * Queued by: every verb that writes a delivery, after its commit; `sweep`.
 * Payload:   none: it says that something is due, `mail_deliveries` says what.
 * Retries:   none here: the row holds the time of its next attempt (`src/mail/outcome.ts`), the sweeper comes round.
 * Twice:     harmless: a delivery is claimed by a guarded write; who claims nothing sends nothing.
 */
export const sendDeliveries = defineJob({
  queue: "mail",
  name: "send-deliveries",
  payload: z.object({}),
  run: ({ deliveries }) => deliveries.run(),
});
