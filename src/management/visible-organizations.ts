import type { Permission } from "../access/permissions.ts";
import type { Lead, Viewer } from "../json-api/resource-type.ts";

/**
 * Leads to the organizations in which a role of the viewer's has the permission, except those being deleted.
 * @returns undefined if they have it in every organization, by a role in the environment or as a program.
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
    // Without `offset 0`, Postgres might join this and start from everyone who has the permission.
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

/** Leads to rows whose column names such an organization. */
export function leadsByOrganization(
  viewer: Viewer,
  permission: Permission,
  column: string,
): Lead[] | undefined {
  const organizations = visibleOrganizations(viewer, permission);
  return organizations === undefined ? undefined : [{ column, ...organizations }];
}

/**
 * Makes the condition that the organization in a column isn't being deleted. With `offset 0` Postgres looks it up row by
 * row instead of joining, and expects most rows to meet it, as they do.
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
