import type { Knex } from "knex";
import { raw } from "objection";
import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { notFound } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { newId } from "../lib/id.ts";
import { Organization, OrganizationDeletion } from "../models/organization.ts";
import { requirePermissionNow } from "../roles/require-permission-now.ts";
import { countOrganizationRows, DETACHED_TABLES } from "./count-organization-rows.ts";

/**
 * Begins the deletion: cuts everybody's access and releases the defaults in one transaction, by which the pending
 * invitations are dead, too; a job works off what there is, however much. Two deletions at once are one: the second gets
 * the row of the first.
 * @throws 404 when there is no such organization in the environment, 403 when the right is lost meanwhile.
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
    // Who handed the organization on a moment ago deletes nothing of the new owner's.
    await requirePermissionNow(trx, actor, id, "organization:delete");
    const planned = await countOrganizationRows(trx, id);
    // Without an owner, since the memberships are about to go and an owner is always a member.
    await Organization.query(trx)
      .findById(id)
      .patch({ deleting_at: raw("now()"), owner_user_id: null });
    await releaseDefaults(trx, id);
    await recordEvents(trx, actor, [
      {
        type: "organization.deletion_started",
        environment_id,
        organization_id: id,
        subject_id: id,
        data: { name: organization.name, owner_user_id: organization.owner_user_id },
      },
    ]);
    afterCommit(() => queues.wakeUp("detach"));
    return OrganizationDeletion.query(trx)
      .insert({
        id: newId("del"),
        environment_id,
        organization_id: id,
        organization_name: organization.name,
        requested_by_user_id: actor.user_id,
        planned,
      })
      .returning("*");
  });
}

/** From here on its resources are their creators', who may have defaults of their own. */
async function releaseDefaults(trx: Knex.Transaction, organizationId: string): Promise<void> {
  for (const { table, hasDefault } of DETACHED_TABLES) {
    if (!hasDefault) continue;
    const defaults = trx(table).where({ organization_id: organizationId, is_default: true });
    await defaults.update({ is_default: false, updated_at: trx.fn.now() });
  }
}

/**
 * The deletion of an organization, running or completed.
 * @param requestedBy leaves those this user asked for; null: anybody's.
 */
export function findDeletion(
  db: Knex,
  { id, environment_id }: { id: string; environment_id: string },
  requestedBy: string | null,
): Promise<OrganizationDeletion | undefined> {
  const deletion = OrganizationDeletion.query(db).findOne({ organization_id: id, environment_id });
  return (requestedBy === null ? deletion : deletion.where({ requested_by_user_id: requestedBy })).execute();
}
