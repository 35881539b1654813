import type { Knex } from "knex";
import { SYSTEM_ROLES, type SystemRoleName } from "../access/permissions.ts";
import { statement } from "../db/statement.ts";
import { conflict, forbidden, notFound, type Refusal } from "../errors.ts";
import type { Actor } from "../events/record-events.ts";
import { RolePermission } from "../models/join-tables.ts";
import { Permission, Role } from "../models/role.ts";
import { requirePermissionNow } from "./require-permission-now.ts";

export interface RoleKey {
  id: string;
  environment_id: string;
  /** The organization the role must belong to. Null: a role of the environment. */
  organization_id: string | null;
}

/**
 * Locks a role that is about to change, but not its key: accepting an invitation that grants the role must not wait for
 * this, because this may be waiting for the invitation.
 * @throws 404.
 */
export async function lockRole(
  trx: Knex.Transaction,
  { id, environment_id, organization_id }: RoleKey,
): Promise<Role> {
  const role = await Role.query(trx).findById(id).where({ environment_id, organization_id }).forNoKeyUpdate();
  if (role === undefined) throw notFound("role");
  return role;
}

/**
 * Locks a role that the actor is about to change. In the environment nobody changes a role that has more permissions than
 * they have.
 * @throws 404, 403 without `roles:manage`, or for a role with permissions the actor lacks.
 */
export async function lockManageableRole(trx: Knex.Transaction, key: RoleKey, actor: Actor): Promise<Role> {
  const held = await requirePermissionNow(trx, actor, key.organization_id, "roles:manage");
  const role = await lockRole(trx, key);
  if (held === null || key.organization_id !== null || role.is_system) return role;
  const lacking = await Permission.query(trx)
    .whereIn("id", RolePermission.query(trx).select("permission_id").where({ role_id: role.id }))
    .whereNotIn("name", held)
    .select("name");
  if (lacking.length === 0) return role;
  const names = lacking.map(({ name }) => name).join(", ");
  const detail = `This role has permissions you don't have, so you can't change it: ${names}.`;
  throw forbidden("role_exceeds_own", detail);
}

/** Each has the permissions of those before it, so anyone with one of these roles can grant any before it. */
const BY_RANK: SystemRoleName[] = ["member", "billing", "admin"];

/** The system roles ranked above one, and those below: a permission added to it is added to those above. */
export function rankOf({ is_system, name }: Role): { above: string[]; below: string[] } {
  const rank = is_system ? BY_RANK.indexOf(name as SystemRoleName) : -1;
  return rank === -1
    ? { above: [], below: [] }
    : { above: BY_RANK.slice(rank + 1), below: BY_RANK.slice(0, rank) };
}

/** A system role keeps its name and description. @throws 403. */
export function refuseSystemRole({ is_system }: Role): void {
  if (!is_system) return;
  throw systemRole(
    "The roles owner, admin, billing and member keep their names and descriptions, and can't be deleted.",
  );
}

/**
 * Programs may grant admin, billing and member more permissions, and revoke those again. The permissions a system role
 * has from the start stay, and the owner has all of them anyway.
 * @throws 403 for any other change to a system role's permissions.
 */
export function refuseSystemGrant(
  { is_system, name }: Role,
  permission: Pick<Permission, "name" | "environment_only">,
  actor: Actor,
): void {
  if (!is_system) return;
  if (name === "owner")
    throw systemRole(
      "The role owner always has every permission of its organization. You can't change them.",
    );
  if (actor.kind === "user")
    throw systemRole(
      "Only programs change the permissions of admin, billing and member. Create a role of your own, or ask the operator.",
    );
  const builtIn: string[] = SYSTEM_ROLES[name as SystemRoleName].permissions;
  if (builtIn.includes(permission.name))
    throw systemRole(
      `The role ${name} always has ${permission.name}. You can only revoke permissions that you added to it.`,
    );
  if (permission.environment_only)
    throw systemRole(
      `${permission.name} has no effect in an organization. Create a role of your own, and grant it to users in the environment.`,
    );
}

function systemRole(detail: string): Refusal {
  return forbidden("system_role", detail);
}

export function roleExists(): Refusal {
  return conflict("name_taken", "A role with this name exists; choose another.");
}

const lock = statement<never, { environment_id: string }>(
  "lock-rights",
  { environment_id: "text" },
  "select from pg_advisory_xact_lock(rights_lock(:environment_id))",
);

/**
 * Locks the rights of an environment until the transaction ends. Every command that takes rights away there calls it.
 * Permission checks share this lock (`permissions_now`), so a right is only lost once everything done with it is
 * committed and can be found and revoked. Rights in one organization need only its own lock.
 * In the lock order it comes after the organization, and before rows of roles, users and invitations.
 */
export async function lockRights(trx: Knex.Transaction, environmentId: string): Promise<void> {
  await lock(trx, { environment_id: environmentId });
}
