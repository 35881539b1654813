import type { Knex } from "knex";
import { SYSTEM_ROLES, type SystemRoleName } from "../access/permissions.ts";
import { statement } from "../db/statement.ts";
import { forbidden, notFound, type Refusal } from "../errors.ts";
import type { Actor } from "../events/record-events.ts";
import { RolePermission } from "../models/join-tables.ts";
import { Permission, Role } from "../models/role.ts";
import { requirePermissionNow } from "./require-permission-now.ts";

export interface RoleKey {
  id: string;
  environment_id: string;
  /** Whose role it must be; null: one of the environment. */
  organization_id: string | null;
}

/**
 * Locks a role that is about to change. Not its key: somebody who accepts an invitation and is given the role doesn't
 * wait for this, while this may wait for their invitation.
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
 * Locks a role that its actor is about to change, judged by the rights they have now. In the environment nobody touches a
 * role that may do more than they may.
 * @throws 404, 403 without `roles:manage`, or for a role above the actor.
 */
export async function lockManageableRole(trx: Knex.Transaction, key: RoleKey, actor: Actor): Promise<Role> {
  const held = await requirePermissionNow(trx, actor, key.organization_id, "roles:manage");
  const role = await lockRole(trx, key);
  if (held === null || key.organization_id !== null || role.is_system) return role;
  const names: Array<{ name: string }> = await Permission.query(trx)
    .whereIn("id", RolePermission.query(trx).select("permission_id").where({ role_id: role.id }))
    .whereNotIn("name", held)
    .select("name");
  if (names.length === 0) return role;
  const beyond = names.map(({ name }) => name).join(", ");
  throw forbidden(
    "role_exceeds_own",
    `This role may do what you may not, so you can't change it: ${beyond}.`,
  );
}

/** Each of these may do what those before it may, so anyone who has one can give any before it. */
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
 * Programs may give admin, billing and member more permissions, and take those away again. What every environment is born
 * with stays, and the owner has everything anyway.
 * @throws 403 for any other change to a system role.
 */
export function refuseSystemGrant(
  { is_system, name }: Role,
  permission: Pick<Permission, "name" | "environment_only">,
  actor: Actor,
): void {
  if (!is_system) return;
  if (name === "owner")
    throw systemRole("The role owner has every permission of its organization; none is added or taken away.");
  if (actor.kind === "user")
    throw systemRole(
      "Only programs change what admin, billing and member may do. Make a role of your own, or ask the operator.",
    );
  const builtIn: string[] = SYSTEM_ROLES[name as SystemRoleName].permissions;
  if (builtIn.includes(permission.name))
    throw systemRole(
      `The role ${name} always has ${permission.name}. Only what you added to it can be taken away.`,
    );
  if (permission.environment_only)
    throw systemRole(
      `${permission.name} gives nothing in an organization. Make a role of your own, and give it to users in the environment.`,
    );
}

function systemRole(detail: string): Refusal {
  return forbidden("system_role", detail);
}

const lock = statement<never, { environment_id: string }>(
  "lock-rights",
  { environment_id: "text" },
  "select from pg_advisory_xact_lock(rights_lock(:environment_id))",
);

/**
 * Holds who may do what in an environment, alone, until the transaction ends: for whatever takes rights away there.
 * Whoever judges by a right shares this lock (`permissions_now`), so a right goes only when all that was judged by it is
 * committed, and can be found and revoked. Rights of one organization need no more than its own lock.
 * It comes after the organization's lock in the lock order, and before any row of roles, users and invitations.
 */
export async function lockRights(trx: Knex.Transaction, environmentId: string): Promise<void> {
  await lock(trx, { environment_id: environmentId });
}
