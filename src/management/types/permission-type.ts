import { z } from "zod";
import { Permission } from "../../models/role.ts";
import { time } from "../reading/attribute-types.ts";
import { byColumn } from "../reading/filters.ts";
import { resourceType } from "../reading/resource-type.ts";

export const permissionType = resourceType<Permission>({
  type: "permission",
  path: "permissions",
  prefix: "perm",
  visible: ({ db, environment_id }) =>
    Permission.query(db).select("permissions.*").where("permissions.environment_id", environment_id),
  attributes: z.object({
    name: z.string(),
    description: z.string().nullable(),
    environment_only: z.boolean(),
    created_at: time,
    updated_at: time,
  }),
  relationships: {},
  sortable: ["name", "created_at"],
  filters: { name: byColumn("permissions.name") },
});
