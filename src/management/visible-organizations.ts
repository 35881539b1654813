import type { Permission } from "../access/permissions.ts";
import type { Lead, Viewer } from "../json-api/resource-type.ts";

/**
 * Leads to the organizations in which the viewer has a permission by a role there. Organizations being deleted are
 * nobody's.
 * @returns undefined where they have it in all of the environment's: by a role in the environment, or as a program.
 */
export function visibleOrganizations(
  { db, environment_id, caller, environment_permissions }: Viewer,
  permission: Permission,
): Pick<Lead, "from" | "key"> | undefined {
  if (caller.kind !== "user" && caller.kind !== "nobody") return undefined;
  if (environment_permissions.includes(permission)) return undefined;
  const from = db("memberships as held")
    .where({ "held.user_id": caller.kind === "user" ? caller.user_id : null })
    .where({ "held.environment_id": environment_id })
    .whereRaw(isAlive("held.organization_id"))
    // Without `offset 0` it might become a join, which may begin with everybody who has the permission.
    .whereRaw(
      `exists (
        select from membership_roles mr
        join role_permissions rp on rp.role_id = mr.role_id
        join permissions p on p.id = rp.permission_id
        where mr.membership_id = held.id and p.name = ? offset 0
      )`,
      [permission],
    );
  return { from, key: "held.organization_id" };
}

/** The same, leading to rows whose column names the organization. */
export function leadsByOrganization(
  viewer: Viewer,
  permission: Permission,
  column: string,
): Lead[] | undefined {
  const organizations = visibleOrganizations(viewer, permission);
  return organizations === undefined ? undefined : [{ column, ...organizations }];
}

/**
 * A condition that the organization a column names isn't being deleted. `offset 0` has it looked up row by row and never
 * joined, and Postgres takes it for one that most rows may meet, as they do.
 */
export function isAlive(column: string): string {
  return `not exists (
    select from organizations where organizations.id = ${column} and organizations.deleting_at is not null offset 0
  )`;
}

/** Leads to rows of the viewer's own memberships. */
export function ownMemberships({ db, caller }: Viewer, column: string): Lead {
  const from = db("memberships as own").where({
    "own.user_id": caller.kind === "user" ? caller.user_id : null,
  });
  return { column, from, key: "own.id" };
}
