import type { Knex } from "knex";
import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { conflict, notFound } from "../errors.ts";
import { type Actor, recordEvent, recordEvents } from "../events/record-events.ts";
import { revokeUnsendable } from "../invitations/revoke-invitations.ts";
import { newId } from "../lib/id.ts";
import { insertUnlessExists } from "../models/insert-unless-exists.ts";
import { RolePermission } from "../models/join-tables.ts";
import { Organization } from "../models/organization.ts";
import { Permission, Role } from "../models/role.ts";
import { requireHeld } from "./require-grantable.ts";
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
 * Grants a permission to a role, and so to everyone who has the role. A system role passes it on to those ranked above,
 * so that an admin can still grant each of them. Pending invitations that would now grant more than their inviter has are
 * revoked in the same transaction.
 * @returns the new row, and how many invitations were revoked.
 * @throws 404, 403 for a permission the actor lacks or a system role they may not change, 409 if the role has it.
 */
export function grantPermission(
  { db }: Context,
  key: RoleKey,
  permissionId: string,
  actor: Actor,
): Promise<{ granted: RolePermission; revoked: number }> {
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
    const grant = (role_id: string) =>
      insertUnlessExists(RolePermission, trx, { id: newId("roleperm"), ...row, role_id });
    refuseSystemGrant(role, permission, actor);
    requireHeld(held, [permission.name], pointer);
    const granted = await grant(role.id);
    if (granted === undefined) throw conflict("permission_granted", "The role already has this permission.");
    const extended = [role.id];
    const { above } = rankOf(role);
    for (const { id } of await Role.query(trx)
      .where({ environment_id, is_system: true })
      .whereIn("name", above))
      if ((await grant(id)) !== undefined) extended.push(id);

    const concerned = organization_id === null ? {} : { organization_id };
    const revoked = await revokeUnsendable(trx, actor, { environment_id, ...concerned }, { gives: extended });
    const type = "role_permission.created";
    const data = { permission: permission.name };
    await recordEvents(
      trx,
      actor,
      extended.map((subject_id) => ({ type, environment_id, organization_id, subject_id, data })),
    );
    return { granted, revoked };
  });
}

/**
 * Revokes a permission from a role, and so from everyone who has the role. Pending invitations they could no longer send
 * are revoked with it.
 * @param key the row that grants it, and the organization whose role it must be.
 * @throws 404, 403 for a role with permissions the actor lacks or a system role they may not change, 409 while a system
 *   role ranked below has the permission.
 */
export function revokePermission(
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
    const { permission_id } = grant;
    const permission = await Permission.query(trx).findById(permission_id).throwIfNotFound();
    refuseSystemGrant(role, { ...permission, environment_only: false }, actor);
    await refuseWhileBelow(trx, role, permission);
    await RolePermission.query(trx).deleteById(id);
    const concerned = organization_id === null ? {} : { organization_id };
    await revokeUnsendable(trx, actor, { environment_id, ...concerned }, { inviterRole: role.id });
    await recordEvent(trx, actor, "role_permission.deleted", role, { permission_id });
  });
}

/** @throws 409 while a system role ranked below has the permission, because those above have all that it has. */
async function refuseWhileBelow(trx: Knex.Transaction, role: Role, permission: Permission): Promise<void> {
  const having = RolePermission.query(trx).select("role_id").where({ permission_id: permission.id });
  const [below] = await Role.query(trx)
    .where({ environment_id: role.environment_id, is_system: true })
    .whereIn("name", rankOf(role).below)
    .whereIn("id", having);
  if (below === undefined) return;
  const detail = `The role ${below.name} has this permission, and ${role.name} has everything that ${below.name} has. Revoke it from ${below.name} first.`;
  throw conflict("lower_role_has_permission", detail);
}
