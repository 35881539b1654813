import { purgeSessions } from "../src/access/session-commands.ts";
import { purgeIdempotencyKeys } from "../src/idempotency-keys/purge-idempotency-keys.ts";
import { purgeInvitationBatches } from "../src/invitation-batches/purge-invitation-batches.ts";
import { purgeDeletedDeliveries } from "../src/invitations/delete-invitation.ts";
import { defineJob } from "./define-job.ts";

const DAY = 86_400_000;

/**
 * Queued by: the schedule, daily.
 * Payload:   none.
 * Retries:   none: the next day's run finds the same rows.
 * Twice:     harmless: deleted rows stay deleted. Deliveries and events are a ledger and are kept.
 */
export const purge = defineJob({
  queue: "lifecycle",
  name: "purge",
  every: () => DAY,
  async run({ db, log, stopping }) {
    const sessions = await purgeSessions(db, stopping);
    const idempotency_keys = await purgeIdempotencyKeys(db, stopping);
    const invitation_batches = await purgeInvitationBatches(db, stopping);
    const deleted_deliveries = await purgeDeletedDeliveries(db, stopping);
    log.info({ sessions, idempotency_keys, invitation_batches, deleted_deliveries }, "purged");
  },
});
