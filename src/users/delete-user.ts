import type { Knex } from "knex";
import { RESOURCE_KINDS } from "../billing/resource-kinds.ts";
import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { conflict, notFound } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { revokePending } from "../invitations/revoke-invitations.ts";
import { Membership } from "../models/membership.ts";
import { Organization } from "../models/organization.ts";
import { Session } from "../models/session.ts";
import { User } from "../models/user.ts";
import { requirePermissionNow } from "../roles/require-permission-now.ts";
import { lockRights } from "../roles/role-guards.ts";
import { requireNotAbove } from "./require-not-above.ts";

/**
 * Deletes a user with their sessions, roles and memberships, and revokes the pending invitations they sent.
 * @throws 404, 403 if the actor has just lost the right, or the user is above them, 409 for a user who owns an
 *   organization or has payment resources, which need another owner first.
 */
export function deleteUser(
  { db }: Context,
  { id, environment_id }: { id: string; environment_id: string },
  actor: Actor,
): Promise<void> {
  return transaction(db, async (trx) => {
    // Organizations come first in every lock order, sorted by id, so that a transfer to the user waits and can't deadlock.
    await Organization.query(trx)
      .whereIn("id", Membership.query(trx).select("organization_id").where({ user_id: id, environment_id }))
      .orderBy("id")
      .forNoKeyUpdate()
      .select("id");
    await lockRights(trx, environment_id);
    await requirePermissionNow(trx, actor, null, "users:manage");
    const user = await User.query(trx).findById(id).where({ environment_id }).forUpdate();
    if (user === undefined) throw notFound("user");
    await requireNotAbove(trx, actor, id, { actsAsThem: false });
    const owned = await Organization.query(trx)
      .select("id")
      .where({ owner_user_id: id })
      .orderBy("id")
      .limit(5);
    if (owned.length > 0) {
      const ids = owned.map((organization) => organization.id).join(", ");
      const detail = `The user owns an organization (${ids}). Transfer its ownership or delete it first.`;
      throw conflict("owns_organization", detail);
    }
    await refuseResources(trx, id);
    await revokePending(trx, actor, { environment_id, inviter_user_id: id });
    await Session.query(trx).where({ user_id: id }).delete();
    const memberships = await Membership.query(trx)
      .where({ user_id: id })
      .delete()
      .returning(["id", "organization_id"]);
    await User.query(trx).deleteById(id);
    await recordEvents(trx, actor, [
      ...memberships.map((membership) => ({
        type: "membership.removed" as const,
        environment_id,
        organization_id: membership.organization_id,
        subject_id: membership.id,
        data: { user_id: id },
      })),
      { type: "user.deleted", environment_id, organization_id: null, subject_id: id },
    ]);
  });
}

/** @throws 409 if the user created a payment resource, because those keep their creator. */
async function refuseResources(trx: Knex.Transaction, userId: string): Promise<void> {
  for (const { model, name } of RESOURCE_KINDS) {
    const resource = await trx(model.tableName).where({ user_id: userId }).first("id");
    if (resource === undefined) continue;
    const detail = `The user created a ${name.replace("_", " ")} (${resource.id}), which can't lose its creator. Delete it first.`;
    throw conflict("has_resources", detail);
  }
}
