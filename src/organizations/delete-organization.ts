import type { Knex } from "knex";
import { raw } from "objection";
import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { notFound } from "../errors.ts";
import { type Actor, recordEvent } from "../events/record-events.ts";
import { newId } from "../lib/id.ts";
import { Organization, OrganizationDeletion } from "../models/organization.ts";
import { requirePermissionNow } from "../roles/require-permission-now.ts";
import { countOrganizationRows, DETACHED_TABLES } from "./count-organization-rows.ts";

/**
 * Starts a deletion. One transaction ends everyone's access, invalidates the pending invitations and releases the
 * defaults; a job detaches and deletes the rows. Of two simultaneous deletions the second returns the row of the first.
 * @throws 404, 403 if the actor has just lost the right.
 */
export function deleteOrganization(
  { db, queues }: Pick<Context, "db" | "queues">,
  { id, environment_id }: { id: string; environment_id: string },
  actor: Actor,
): Promise<OrganizationDeletion> {
  return transaction(db, async (trx, afterCommit) => {
    const organization = await Organization.query(trx)
      .findById(id)
      .where({ environment_id })
      .forNoKeyUpdate();
    if (organization === undefined) throw notFound("organization");
    if (organization.deleting_at !== null) {
      return OrganizationDeletion.query(trx).findOne({ organization_id: id }).throwIfNotFound();
    }
    // A former owner, who has just transferred the organization, must not delete it.
    await requirePermissionNow(trx, actor, id, "organization:delete");
    const planned = await countOrganizationRows(trx, id);
    // The owner is always a member, and the memberships are about to be deleted.
    await Organization.query(trx)
      .findById(id)
      .patch({ deleting_at: raw("now()"), owner_user_id: null });
    await releaseDefaults(trx, id);
    const { name, owner_user_id } = organization;
    const subject = { id, environment_id, organization_id: id };
    await recordEvent(trx, actor, "organization.deletion_started", subject, { name, owner_user_id });
    afterCommit(() => queues.wakeUp("detach"));
    return OrganizationDeletion.query(trx)
      .insert({
        id: newId("del"),
        environment_id,
        organization_id: id,
        organization_name: name,
        requested_by_user_id: actor.user_id,
        planned,
      })
      .returning("*");
  });
}

/** Its resources now belong to their creators, who may have defaults of their own. */
async function releaseDefaults(trx: Knex.Transaction, organizationId: string): Promise<void> {
  for (const { table, hasDefault } of DETACHED_TABLES) {
    if (!hasDefault) continue;
    const defaults = trx(table).where({ organization_id: organizationId, is_default: true });
    await defaults.update({ is_default: false, updated_at: trx.fn.now() });
  }
}

/**
 * Finds the deletion of an organization, running or completed.
 * @param requestedBy the user who must have requested it; null for anyone.
 */
export function findDeletion(
  db: Knex,
  { id, environment_id }: { id: string; environment_id: string },
  requestedBy: string | null,
): Promise<OrganizationDeletion | undefined> {
  const deletion = OrganizationDeletion.query(db).findOne({ organization_id: id, environment_id });
  return (requestedBy === null ? deletion : deletion.where({ requested_by_user_id: requestedBy })).execute();
}
