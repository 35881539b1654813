import { z } from "zod";
import { purgeSessions } from "../src/access/session-commands.ts";
import { statement } from "../src/db/statement.ts";
import { purgeIdempotencyKeys } from "../src/idempotency-keys/purge-idempotency-keys.ts";
import { purgeInvitationBatches } from "../src/invitation-batches/purge-invitation-batches.ts";
import { runInvitationBatches as runBatches } from "../src/invitation-batches/run-invitation-batches.ts";
import { purgeDeletedDeliveries } from "../src/invitations/delete-invitation.ts";
import { expireInvitations as expire } from "../src/invitations/expire-invitations.ts";
import { remindInvitees as remind } from "../src/invitations/remind-invitees.ts";
import { OrganizationDeletion } from "../src/models/organization.ts";
import { detachOrganization } from "../src/organizations/detach-organization.ts";
import { defineJob, type Job } from "./define-job.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/**
 * Queued by: every command that writes a delivery, after its commit; `sweep`.
 * Payload:   none: `mail_deliveries` says what is due.
 * Retries:   none here: the row holds the time of its next attempt (`src/mail/outcome.ts`), and the sweeper finds it.
 * Twice:     harmless: a guarded write claims each delivery, and only the claimant sends it.
 */
export const sendDeliveries = defineJob({
  queue: "mail",
  name: "send-deliveries",
  payload: z.object({}),
  run: ({ deliveries }) => deliveries.run(),
});

/**
 * Queued by: createInvitationBatch, after its commit; `sweep`.
 * Payload:   none: `invitation_batches` says which batches are unfinished.
 * Retries:   none here: the sweeper wakes it while one is unfinished.
 * Twice:     harmless: a batch that another run holds is skipped, and a settled row is not taken again.
 */
export const runInvitationBatches = defineJob({
  queue: "batch",
  name: "run-invitation-batches",
  payload: z.object({}),
  run: (context) => runBatches(context, context.stopping),
});

/**
 * Queued by: deleteOrganization, after its commit; `sweep`.
 * Payload:   none: `organization_deletions` says which deletions are unfinished.
 * Retries:   none here: the sweeper wakes it while one is unfinished.
 * Twice:     harmless: runs take turns on the row's lock, and a completed deletion has no work left.
 */
export const detachOrganizations = defineJob({
  queue: "detach",
  name: "detach-organizations",
  payload: z.object({}),
  async run({ db, log, stopping }) {
    const unfinished = await OrganizationDeletion.query(db)
      .where({ state: "detaching" })
      .orderBy("id")
      .limit(100);
    for (const { id } of unfinished) {
      if (stopping()) return;
      // One that fails must not keep the others waiting; the next run tries it again.
      await detachOrganization(db, id, stopping).catch((error) =>
        log.error({ err: error, deletion: id }, "an organization can't be detached"),
      );
    }
  },
});

/**
 * Queued by: the schedule, every EXPIRE_EVERY.
 * Payload:   none.
 * Retries:   none: the next run does the rest.
 * Twice:     harmless: only pending rows expire, and rows that another run holds are skipped.
 */
export const expireInvitations = defineJob({
  queue: "lifecycle",
  name: "expire-invitations",
  payload: z.object({}),
  every: ({ EXPIRE_EVERY }) => EXPIRE_EVERY,
  async run({ db, queues, log, stopping }) {
    const expired = await expire(db, stopping);
    if (expired === 0) return;
    queues.hint("mail");
    log.info({ expired }, "invitations expired");
  },
});

/**
 * Queued by: the schedule, every hour.
 * Payload:   none.
 * Retries:   none: the next run finds everyone who is still due.
 * Twice:     harmless: the table takes one reminder per invitation and day.
 */
export const remindInvitees = defineJob({
  queue: "lifecycle",
  name: "remind-invitees",
  payload: z.object({}),
  every: () => HOUR,
  async run({ db, queues, log, stopping }) {
    const reminders = await remind(db, stopping);
    if (reminders === 0) return;
    queues.hint("mail");
    log.info({ reminders }, "reminded");
  },
});

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
  payload: z.object({}),
  every: ({ SWEEP_EVERY }) => SWEEP_EVERY,
  async run({ db, queues }) {
    const [work] = await findWork(db, {});
    if (work?.deliveries) queues.hint("mail");
    if (work?.deletions) queues.hint("detach");
    if (work?.batches) queues.hint("batch");
  },
});

/**
 * Queued by: the schedule, daily.
 * Payload:   none.
 * Retries:   none: the next day's run finds the same rows.
 * Twice:     harmless: deleted rows stay deleted. Deliveries and events are a ledger and are kept.
 */
export const purge = defineJob({
  queue: "lifecycle",
  name: "purge",
  payload: z.object({}),
  every: () => DAY,
  async run({ db, log, stopping }) {
    const sessions = await purgeSessions(db, stopping);
    const idempotency_keys = await purgeIdempotencyKeys(db, stopping);
    const invitation_batches = await purgeInvitationBatches(db, stopping);
    const deleted_deliveries = await purgeDeletedDeliveries(db, stopping);
    log.info({ sessions, idempotency_keys, invitation_batches, deleted_deliveries }, "purged");
  },
});

export const allJobs: Job[] = [
  sendDeliveries,
  runInvitationBatches,
  detachOrganizations,
  expireInvitations,
  remindInvitees,
  sweep,
  purge,
];
