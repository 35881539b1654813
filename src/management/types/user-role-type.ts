import { z } from "zod";
import { UserRole } from "../../models/join-tables.ts";
import { byColumn } from "../reading/filters.ts";
import { resourceType } from "../reading/resource-type.ts";

export const userRoleType = resourceType<UserRole>({
  type: "user_role",
  path: "user-roles",
  prefix: "userrole",
  /** Their own; an operator all. */
  visible({ db, environment_id, caller, environment_permissions }) {
    const roles = UserRole.query(db)
      .select("user_roles.*")
      .where("user_roles.environment_id", environment_id);
    if (caller.kind !== "user" || environment_permissions.includes("users:read")) return roles;
    return roles.where("user_roles.user_id", caller.user_id);
  },
  attributes: z.object({}),
  relationships: {
    user: { type: "user", id: ({ user_id }) => user_id },
    role: { type: "role", id: ({ role_id }) => role_id },
  },
  sortable: ["created_at"],
  filters: { user: byColumn("user_roles.user_id"), role: byColumn("user_roles.role_id") },
});
