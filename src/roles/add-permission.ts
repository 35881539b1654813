import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { conflict, notFound } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { revokeUnsendable } from "../invitations/revoke-invitations.ts";
import { newId } from "../lib/id.ts";
import { insertUnlessExists } from "../models/insert-unless-exists.ts";
import { RolePermission } from "../models/join-tables.ts";
import { Organization } from "../models/organization.ts";
import { Permission, Role } from "../models/role.ts";
import { currentCeiling } from "./current-ceiling.ts";
import { lockRights } from "./lock-rights.ts";
import { lockRole, type RoleKey } from "./lock-role.ts";
import { rankOf, refuseSystemGrant } from "./refuse-system-role.ts";
import { requireWithin } from "./require-grantable.ts";

/**
 * Gives a role a permission, and with it everybody who has the role; a system role hands it on to those ranked above, so
 * that an admin can still give each of them. Pending invitations that now give more than their inviter has are revoked
 * in the same transaction.
 * @returns the new row, and how many invitations were revoked.
 * @throws 404, 403 for a permission the giver lacks (nobody grants what they don't have) and for a change to a system role
 *   that isn't theirs to make, 409 when the role has it.
 */
export function addPermission(
  { db }: Context,
  key: RoleKey,
  permissionId: string,
  actor: Actor,
): Promise<{ added: RolePermission; revoked: number }> {
  return transaction(db, async (trx) => {
    const { environment_id, organization_id } = key;
    if (organization_id === null) await lockRights(trx, environment_id);
    else await Organization.lock(trx, environment_id, organization_id);
    const ceiling = await currentCeiling(trx, actor, organization_id, "roles:manage");
    const role = await lockRole(trx, key);
    const permission = await Permission.query(trx).findById(permissionId).where({ environment_id });
    const pointer = "/data/relationships/permission";
    if (permission === undefined) throw notFound("permission", { pointer });
    const row = { environment_id, permission_id: permission.id };
    const add = (role_id: string) =>
      insertUnlessExists(RolePermission, trx, { id: newId("roleperm"), ...row, role_id });
    refuseSystemGrant(role, permission, actor);
    requireWithin(ceiling, [permission.name], pointer);
    const added = await add(role.id);
    if (added === undefined) throw conflict("permission_granted", "The role has this permission already.");
    const extended = [role.id];
    const { above } = rankOf(role);
    for (const { id } of await Role.query(trx)
      .where({ environment_id, is_system: true })
      .whereIn("name", above))
      if ((await add(id)) !== undefined) extended.push(id);

    const concerned = organization_id === null ? {} : { organization_id };
    const revoked = await revokeUnsendable(trx, actor, { environment_id, ...concerned }, { gives: extended });
    await recordEvents(
      trx,
      actor,
      extended.map((subject_id) => ({
        type: "role_permission.created",
        environment_id,
        organization_id,
        subject_id,
        data: { permission: permission.name },
      })),
    );
    return { added, revoked };
  });
}
