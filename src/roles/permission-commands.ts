import type { Knex } from "knex";
import { PERMISSIONS } from "../access/permissions.ts";
import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { conflict, forbidden, notFound } from "../errors.ts";
import { type Actor, recordEvent } from "../events/record-events.ts";
import { revokeUnsendable } from "../invitations/revoke-invitations.ts";
import { newId } from "../lib/id.ts";
import { insertUnlessExists } from "../models/insert-unless-exists.ts";
import { RolePermission } from "../models/join-tables.ts";
import { Permission, Role } from "../models/role.ts";
import { findSystemRole } from "./find-system-role.ts";
import { lockRights } from "./role-guards.ts";

/**
 * Adds a permission to the environment's catalogue, for the team's own product to check. Every owner of an organization
 * has it from then on, unless it is for the environment only.
 * @throws 409 if it exists.
 */
export function createPermission(
  { db }: Context,
  permission: { environment_id: string; name: string; description: string | null; environment_only: boolean },
  actor: Actor,
): Promise<Permission> {
  return transaction(db, async (trx) => {
    const created = await insertUnlessExists(Permission, trx, { id: newId("perm"), ...permission });
    if (created === undefined) throw conflict("name_taken", "The catalogue already has this permission.");
    const { id, environment_id, name } = created;
    await recordEvent(
      trx,
      actor,
      "permission.created",
      { id, environment_id, organization_id: null },
      { name },
    );
    return created;
  });
}

/**
 * Changes a permission's description, or whether owners have it; its name never changes. If owners lose it, their pending
 * invitations that they could no longer send are revoked.
 * @throws 404, 403 for changing `environment_only` as a user or of one of Guildhall's own permissions, 409 for setting it
 *   while a system role has the permission.
 */
export function updatePermission(
  { db }: Context,
  { id, environment_id }: { id: string; environment_id: string },
  change: { description?: string | null; environment_only?: boolean },
  actor: Actor,
): Promise<void> {
  return transaction(db, async (trx) => {
    if (change.environment_only !== undefined) await lockRights(trx, environment_id);
    const permission = await Permission.query(trx).findById(id).where({ environment_id }).forNoKeyUpdate();
    if (permission === undefined) throw notFound("permission");
    const { environment_only = permission.environment_only } = change;
    if (environment_only !== permission.environment_only) requireRedefinable(permission.name, actor);
    if (environment_only) await refuseWhileGranted(trx, permission);
    await Permission.query(trx).findById(id).patch(change);
    if (environment_only && !permission.environment_only) {
      const owner = await findSystemRole(trx, environment_id, "owner");
      await revokeUnsendable(trx, actor, { environment_id }, { inviterRole: owner.id });
    }
    await recordEvent(trx, actor, "permission.updated", { id, environment_id, organization_id: null });
  });
}

/** Refuses it while a system role has the permission: no owner would have it, so nobody could grant that role. @throws 409. */
async function refuseWhileGranted(trx: Knex.Transaction, { id, environment_id }: Permission): Promise<void> {
  const having = RolePermission.query(trx).select("role_id").where({ permission_id: id });
  const [role] = await Role.query(trx)
    .where({ environment_id, is_system: true })
    .whereNot({ name: "owner" })
    .whereIn("id", having);
  if (role === undefined) return;
  throw conflict(
    "permission_in_use",
    `The role ${role.name} has this permission. Revoke it from the role first.`,
  );
}

/** @throws 403. */
function requireRedefinable(name: string, actor: Actor): void {
  const source = { pointer: "/data/attributes/environment_only" };
  if (Object.hasOwn(PERMISSIONS, name)) {
    const detail = "This permission is part of every environment: leave `environment_only` out.";
    throw forbidden("system_permission", detail, source);
  }
  // Otherwise users could get a permission by creating an organization, whose owner they are.
  if (actor.kind === "user")
    throw forbidden("program_only", "Only programs change `environment_only`: leave it out.", source);
}

/**
 * Deletes a permission that no role but `owner` has.
 * @throws 404, 403 for one of Guildhall's own permissions, 409 while a role has it.
 */
export function deletePermission(
  { db }: Context,
  { id, environment_id }: { id: string; environment_id: string },
  actor: Actor,
): Promise<void> {
  return transaction(db, async (trx) => {
    const permission = await Permission.query(trx).findById(id).where({ environment_id }).forUpdate();
    if (permission === undefined) throw notFound("permission");
    const { name } = permission;
    if (Object.hasOwn(PERMISSIONS, name))
      throw forbidden(
        "system_permission",
        "This permission is part of every environment and can't be deleted.",
      );
    const { id: owner } = await findSystemRole(trx, environment_id, "owner");
    const grants = () => RolePermission.query(trx).where({ permission_id: id });
    const use = await grants().whereNot({ role_id: owner }).first();
    if (use !== undefined)
      throw conflict("permission_in_use", "A role has this permission. Revoke it from the role first.");
    // No invitation depends on it, because no role that can be granted has it.
    await grants().delete();
    await Permission.query(trx).deleteById(id);
    await recordEvent(
      trx,
      actor,
      "permission.deleted",
      { id, environment_id, organization_id: null },
      { name },
    );
  });
}
