import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { notFound } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { revokeUnsendable } from "../invitations/revoke-pending.ts";
import { Organization } from "../models/organization.ts";
import { RolePermission } from "../models/role-permission.ts";
import { currentCeiling } from "./current-ceiling.ts";
import type { RoleKey } from "./lock-custom-role.ts";
import { lockManageableRole } from "./lock-manageable-role.ts";
import { lockRights } from "./lock-rights.ts";

/**
 * Takes a permission from a role, and so from everybody who has it; with it go the pending invitations they could no
 * longer send. In the environment nobody weakens a role that may do more than they may.
 * @param key the row that gives it, and whose role that must be of.
 * @throws 404, 403 for a system role, or one of the environment that is above the actor.
 */
export function removePermission(
  { db }: Context,
  { id, environment_id, organization_id }: RoleKey,
  actor: Actor,
): Promise<void> {
  return transaction(db, async (trx) => {
    if (organization_id === null) await lockRights(trx, environment_id);
    else await Organization.lock(trx, environment_id, organization_id);
    await currentCeiling(trx, actor, organization_id, "roles:manage");
    const grant = await RolePermission.query(trx).findById(id).where({ environment_id });
    if (grant === undefined) throw notFound("role permission");
    const role = await lockManageableRole(trx, { id: grant.role_id, environment_id, organization_id }, actor);
    await RolePermission.query(trx).deleteById(id);
    const concerned = organization_id === null ? {} : { organization_id };
    await revokeUnsendable(trx, actor, { environment_id, ...concerned }, role.id);
    await recordEvents(trx, actor, [
      {
        type: "role_permission.deleted",
        environment_id,
        organization_id,
        subject_id: role.id,
        data: { permission_id: grant.permission_id },
      },
    ]);
  });
}
