import { z } from "zod";
import { RolePermission } from "../../models/role-permission.ts";
import { byColumn } from "../reading/filters.ts";
import { resourceType } from "../reading/resource-type.ts";
import { visibleRoles } from "./role-type.ts";

export const rolePermissionType = resourceType<RolePermission>({
  type: "role_permission",
  path: "role-permissions",
  prefix: "roleperm",
  visible: (viewer) =>
    RolePermission.query(viewer.db)
      .select("role_permissions.*")
      .whereIn("role_permissions.role_id", visibleRoles(viewer).select("roles.id")),
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
