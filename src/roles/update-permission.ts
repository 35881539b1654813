import type { Knex } from "knex";
import { PERMISSIONS } from "../access/permissions.ts";
import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { conflict, forbidden, notFound } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { revokeUnsendable } from "../invitations/revoke-invitations.ts";
import { RolePermission } from "../models/join-tables.ts";
import { Permission, Role } from "../models/role.ts";
import { findSystemRole } from "./find-system-role.ts";
import { lockRights } from "./role-guards.ts";

/**
 * Changes a permission's description, or whether owners have it; its name never changes. With it owners lose the pending
 * invitations they could no longer send.
 * @throws 404, 403 when a user says who has it, or it is one every environment is born with, 409 while a system role has
 *   what is to be for the environment only.
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
    if (environment_only) await refuseWhileGiven(trx, permission);
    await Permission.query(trx).findById(id).patch(change);
    if (environment_only && !permission.environment_only) {
      const owner = await findSystemRole(trx, environment_id, "owner");
      await revokeUnsendable(trx, actor, { environment_id }, { inviterRole: owner.id });
    }
    await recordEvents(trx, actor, [
      { type: "permission.updated", environment_id, organization_id: null, subject_id: id },
    ]);
  });
}

/** Or nobody could give the roles that have it, since nobody would have it. @throws 409. */
async function refuseWhileGiven(trx: Knex.Transaction, { id, environment_id }: Permission): Promise<void> {
  const having = RolePermission.query(trx).select("role_id").where({ permission_id: id });
  const [role] = await Role.query(trx)
    .where({ environment_id, is_system: true })
    .whereNot({ name: "owner" })
    .whereIn("id", having);
  if (role === undefined) return;
  throw conflict("permission_in_use", `The role ${role.name} has this permission: take it away first.`);
}

/** @throws 403. */
function requireRedefinable(name: string, actor: Actor): void {
  const source = { pointer: "/data/attributes/environment_only" };
  if (Object.hasOwn(PERMISSIONS, name)) {
    const detail = "This permission is part of every environment: leave `environment_only` out.";
    throw forbidden("system_permission", detail, source);
  }
  // Or a user could give themselves a permission, by an organization of their own.
  if (actor.kind === "user")
    throw forbidden("program_only", "Only programs change `environment_only`: leave it out.", source);
}
