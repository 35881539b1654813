import type { QueryBuilder } from "objection";
import { Organization } from "../../models/organization.ts";
import type { Permission } from "../../permissions.ts";
import type { Viewer } from "../reading/resource-type.ts";

/**
 * The ids of the organizations in which the viewer has a permission, as a subquery: by a role there, or by one of the
 * environment, which counts everywhere. Organizations being deleted are nobody's.
 */
export function visibleOrganizations(
  { db, environment_id, caller, environment_permissions }: Viewer,
  permission: Permission,
): QueryBuilder<Organization> {
  const alive = Organization.query(db)
    .alias("o")
    .select("o.id")
    .where("o.environment_id", environment_id)
    .whereNull("o.deleting_at");
  if (caller.kind !== "user" && caller.kind !== "nobody") return alive;
  if (environment_permissions.includes(permission)) return alive;
  const userId = caller.kind === "user" ? caller.user_id : null;
  return alive.whereExists(
    db("memberships as m")
      .join("membership_roles as mr", "mr.membership_id", "m.id")
      .join("role_permissions as rp", "rp.role_id", "mr.role_id")
      .join("permissions as p", "p.id", "rp.permission_id")
      .whereRaw("m.organization_id = o.id")
      .where({ "m.user_id": userId, "p.name": permission }),
  );
}
