import { OrganizationDeletion } from "../src/models/organization.ts";
import { detachOrganization } from "../src/organizations/detach-organization.ts";
import { defineJob } from "./define-job.ts";

/**
 * Queued by: deleteOrganization, after its commit; `sweep`.
 * Payload:   none: `organization_deletions` says which deletions are unfinished.
 * Retries:   none here: the sweeper wakes it while one is unfinished.
 * Twice:     harmless: runs take turns on the row's lock, and a completed deletion has no work left.
 */
export const detachOrganizations = defineJob({
  queue: "detach",
  name: "detach-organizations",
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
