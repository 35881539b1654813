import { SYSTEM_ROLES, type SystemRoleName } from "../access/permissions.ts";
import { forbidden, type Refusal } from "../errors.ts";
import type { Actor } from "../events/record-events.ts";
import type { Permission, Role } from "../models/role.ts";

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
