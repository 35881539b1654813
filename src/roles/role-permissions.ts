import type { Knex } from "knex";
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
import { requireWithin } from "./require-grantable.ts";
import { requirePermissionNow } from "./require-permission-now.ts";
import {
  lockManageableRole,
  lockRights,
  lockRole,
  type RoleKey,
  rankOf,
  refuseSystemGrant,
} from "./role-guards.ts";

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
    const held = await requirePermissionNow(trx, actor, organization_id, "roles:manage");
    const role = await lockRole(trx, key);
    const permission = await Permission.query(trx).findById(permissionId).where({ environment_id });
    const pointer = "/data/relationships/permission";
    if (permission === undefined) throw notFound("permission", { pointer });
    const row = { environment_id, permission_id: permission.id };
    const add = (role_id: string) =>
      insertUnlessExists(RolePermission, trx, { id: newId("roleperm"), ...row, role_id });
    refuseSystemGrant(role, permission, actor);
    requireWithin(held, [permission.name], pointer);
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

/**
 * Takes a permission from a role, and so from everybody who has it; with it go the pending invitations they could no
 * longer send. In the environment nobody weakens a role that may do more than they may.
 * @param key the row that gives it, and whose role that must be of.
 * @throws 404, 403 for a role of the environment that is above the actor, and for a change to a system role that isn't
 *   theirs to make, 409 while a system role ranked below has the permission.
 */
export function removePermission(
  { db }: Context,
  { id, environment_id, organization_id }: RoleKey,
  actor: Actor,
): Promise<void> {
  return transaction(db, async (trx) => {
    if (organization_id === null) await lockRights(trx, environment_id);
    else await Organization.lock(trx, environment_id, organization_id);
    await requirePermissionNow(trx, actor, organization_id, "roles:manage");
    const grant = await RolePermission.query(trx).findById(id).where({ environment_id });
    if (grant === undefined) throw notFound("role permission");
    const role = await lockManageableRole(trx, { id: grant.role_id, environment_id, organization_id }, actor);
    const permission = await Permission.query(trx).findById(grant.permission_id).throwIfNotFound();
    refuseSystemGrant(role, { ...permission, environment_only: false }, actor);
    await refuseWhileBelow(trx, role, permission);
    await RolePermission.query(trx).deleteById(id);
    const concerned = organization_id === null ? {} : { organization_id };
    await revokeUnsendable(trx, actor, { environment_id, ...concerned }, { inviterRole: role.id });
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

/** @throws 409 while a system role ranked below has the permission: what it may do, those above may, too. */
async function refuseWhileBelow(trx: Knex.Transaction, role: Role, permission: Permission): Promise<void> {
  const having = RolePermission.query(trx).select("role_id").where({ permission_id: permission.id });
  const [below] = await Role.query(trx)
    .where({ environment_id: role.environment_id, is_system: true })
    .whereIn("name", rankOf(role).below)
    .whereIn("id", having);
  if (below === undefined) return;
  const detail = `The role ${below.name} has this permission, and ${role.name} has everything that ${below.name} has. Take it from ${below.name} first.`;
  throw conflict("lower_role_has_permission", detail);
}
