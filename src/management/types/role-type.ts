import { z } from "zod";
import { Role } from "../../models/role.ts";
import { time } from "../reading/attribute-types.ts";
import { byColumn } from "../reading/filters.ts";
import { resourceType, type Viewer } from "../reading/resource-type.ts";
import { seesAllUsers } from "../reading/viewer-of.ts";
import { visibleOrganizations } from "./visible-organizations.ts";

export const roleType = resourceType<Role>({
  type: "role",
  path: "roles",
  prefix: "role",
  visible: (viewer) => visibleRoles(viewer).modify("withPermissionIds"),
  attributes: z.object({
    name: z.string(),
    description: z.string().nullable(),
    is_system: z.boolean(),
    user_count: z.int().optional(),
    permission_count: z.int(),
    created_at: time,
    updated_at: time,
  }),
  /** A viewer who may not see all users sees it for roles of an organization only. */
  onDemand: {
    user_count(viewer, { named, primary }) {
      const everybody = seesAllUsers(viewer);
      return named || primary ? Role.userCount({ everybody, exact: named && everybody }) : undefined;
    },
  },
  computed: ({ user_count, permission_ids = [] }) => ({
    user_count: user_count ?? undefined,
    permission_count: permission_ids.length,
  }),
  relationships: {
    organization: { type: "organization", id: ({ organization_id }) => organization_id },
    permissions: { type: "permission", ids: ({ permission_ids = [] }) => permission_ids },
    role_permissions: { type: "role_permission", column: "role_id" },
  },
  sortable: ["name", "created_at"],
  filters: { name: byColumn("roles.name"), organization: byColumn("roles.organization_id") },
});

/** Those of the environment, and those of organizations the viewer may see. */
export function visibleRoles(viewer: Viewer) {
  return Role.query(viewer.db)
    .where("roles.environment_id", viewer.environment_id)
    .where((either) =>
      either
        .whereNull("roles.organization_id")
        .orWhereIn("roles.organization_id", visibleOrganizations(viewer, "organization:read")),
    );
}
