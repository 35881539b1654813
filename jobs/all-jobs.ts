import type { Job } from "./define-job.ts";
import { detachOrganizations } from "./detach-organizations.ts";
import { expireInvitations } from "./expire-invitations.ts";
import { purge } from "./purge.ts";
import { sendDeliveries } from "./send-deliveries.ts";
import { sweep } from "./sweep.ts";

/** Every job, by import. */
export const allJobs: Job[] = [sendDeliveries, expireInvitations, sweep, detachOrganizations, purge];
