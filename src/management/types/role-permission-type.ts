import { z } from "zod";
import { RolePermission } from "../../models/join-tables.ts";
import { byColumn } from "../reading/filters.ts";
import { among } from "../reading/lead.ts";
import { resourceType, type Viewer } from "../reading/resource-type.ts";
import { leadsByRole } from "./role-type.ts";
import { isAlive } from "./visible-organizations.ts";

export const rolePermissionType = resourceType<RolePermission>({
  type: "role_permission",
  path: "role-permissions",
  prefix: "roleperm",
  /** Those of the roles the viewer may see. */
  visible: (viewer) =>
    among(
      viewer,
      RolePermission.query(viewer.db)
        .select("role_permissions.*")
        .where("role_permissions.environment_id", viewer.environment_id)
        .whereRaw(isAlive("(select organization_id from roles where roles.id = role_permissions.role_id)")),
      leads(viewer),
    ),
  leads,
  attributes: z.object({}),
  relationships: {
    role: { type: "role", id: ({ role_id }) => role_id },
    permission: { type: "permission", id: ({ permission_id }) => permission_id },
  },
  sortable: ["created_at"],
  filters: {
    role: byColumn("role_permissions.role_id"),
    permission: byColumn("role_permissions.permission_id"),
  },
});

function leads(viewer: Viewer) {
  return leadsByRole(viewer, "role_permissions.role_id");
}
