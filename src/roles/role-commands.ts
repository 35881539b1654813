import { UniqueViolationError } from "objection";
import type { Context } from "../context.ts";
import { statement } from "../db/statement.ts";
import { transaction } from "../db/transaction.ts";
import { conflict } from "../errors.ts";
import { type Actor, recordEvent } from "../events/record-events.ts";
import { newId } from "../lib/id.ts";
import { insertUnlessExists } from "../models/insert-unless-exists.ts";
import { InvitationRole } from "../models/join-tables.ts";
import { Organization } from "../models/organization.ts";
import { Role } from "../models/role.ts";
import { lockManageableRole, type RoleKey, refuseSystemRole, roleExists } from "./role-guards.ts";

export type NewRole = Pick<Role, "environment_id" | "organization_id" | "name" | "description">;

/** Creates a role without permissions. @throws 404 for an unknown organization, 409 if the name is taken. */
export function createRole({ db }: Context, role: NewRole, actor: Actor): Promise<Role> {
  const { environment_id, organization_id, name } = role;
  return transaction(db, async (trx) => {
    if (organization_id !== null) await Organization.lock(trx, environment_id, organization_id);
    const created = await insertUnlessExists(Role, trx, { id: newId("role"), ...role });
    if (created === undefined) throw roleExists();
    await recordEvent(trx, actor, "role.created", created, { name });
    return created;
  });
}

/**
 * Changes a role's name or description.
 * @throws 404, 403 for a system role or one with permissions the actor lacks, 409 if the name is taken.
 */
export function updateRole(
  { db }: Context,
  key: RoleKey,
  change: { name?: string; description?: string | null },
  actor: Actor,
): Promise<void> {
  return transaction(db, async (trx) => {
    const role = await lockManageableRole(trx, key, actor);
    refuseSystemRole(role);
    await Role.query(trx).findById(role.id).patch(change);
    await recordEvent(trx, actor, "role.updated", role, { changed: Object.keys(change) });
  }).catch((error: unknown) => {
    throw error instanceof UniqueViolationError ? roleExists() : error;
  });
}

const findUse = statement<{ in_use: boolean }, { id: string }>(
  "find-use-of-role",
  { id: "text" },
  `
  select exists (select from membership_roles where role_id = :id) or exists (select from user_roles where role_id = :id)
    or exists (
      select from invitation_roles ir join invitations i on i.id = ir.invitation_id
      join organizations o on o.id = i.organization_id and o.deleting_at is null
      where ir.role_id = :id and i.status = 'pending'
    ) as in_use`,
);

/**
 * Deletes a role that nobody has and no pending invitation grants. Closed invitations lose the reference to it. If the
 * role is granted after the check, the foreign keys stop the deletion.
 * @throws 404, 403 for a system role or one with permissions the actor lacks, 409 if it is in use.
 */
export function deleteRole({ db }: Context, key: RoleKey, actor: Actor): Promise<void> {
  return transaction(db, async (trx) => {
    const role = await lockManageableRole(trx, key, actor);
    refuseSystemRole(role);
    const { id, name } = role;
    const [use] = await findUse(trx, { id });
    if (use?.in_use) {
      const detail = "Someone has this role, or a pending invitation grants it. Revoke it first.";
      throw conflict("role_in_use", detail);
    }
    await InvitationRole.query(trx).where({ role_id: id }).delete();
    await Role.query(trx).deleteById(id);
    await recordEvent(trx, actor, "role.deleted", role, { name });
  });
}
