import type { Job } from "./define-job.ts";
import { detachOrganizations } from "./detach-organizations.ts";
import { expireInvitations } from "./expire-invitations.ts";
import { purge } from "./purge.ts";
import { remindInvitees } from "./remind-invitees.ts";
import { runInvitationBatches } from "./run-invitation-batches.ts";
import { sendDeliveries } from "./send-deliveries.ts";
import { sweep } from "./sweep.ts";

export const allJobs: Job[] = [
  sendDeliveries,
  runInvitationBatches,
  detachOrganizations,
  expireInvitations,
  remindInvitees,
  sweep,
  purge,
];
