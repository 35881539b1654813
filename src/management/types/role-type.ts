import { z } from "zod";
import { Role } from "../../models/role.ts";
import { time } from "../reading/attribute-types.ts";
import { byColumn } from "../reading/filters.ts";
import { among, idsFrom, type Lead } from "../reading/lead.ts";
import { resourceType, type Viewer } from "../reading/resource-type.ts";
import { seesAllUsers } from "../reading/viewer-of.ts";
import { isAlive, visibleOrganizations } from "./visible-organizations.ts";

export const roleType = resourceType<Role>({
  type: "role",
  path: "roles",
  prefix: "role",
  /** Those of the environment, and those of organizations the viewer may see. */
  visible: (viewer) =>
    among(
      viewer,
      Role.query(viewer.db)
        .modify("withPermissionIds")
        .where("roles.environment_id", viewer.environment_id)
        .whereRaw(isAlive("roles.organization_id")),
      leads(viewer),
    ),
  leads,
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

function leads(viewer: Viewer) {
  return leadsByRole(viewer, "roles.id");
}

/** Leads to the roles the viewer may see, or to what belongs to them. */
export function leadsByRole(viewer: Viewer, column: string): Lead[] | undefined {
  const organizations = visibleOrganizations(viewer, "organization:read");
  if (organizations === undefined) return undefined;
  const { db, environment_id } = viewer;
  const shared = db("roles as shared").where({
    "shared.environment_id": environment_id,
    "shared.organization_id": null,
  });
  const custom = db("roles as custom").whereRaw("custom.organization_id = any(array(?))", [
    idsFrom(organizations),
  ]);
  return [
    { column, from: shared, key: "shared.id" },
    { column, from: custom, key: "custom.id" },
  ];
}
