import { z } from "zod";
import { inEnvironment } from "../access/allow.ts";
import { byColumn } from "../json-api/filters.ts";
import { resourceType } from "../json-api/resource-type.ts";
import { UserRole } from "../models/join-tables.ts";
import { grantUserRole, revokeUserRole } from "../users/user-roles.ts";
import { keyOf } from "./key-of.ts";
import { creates, deletes } from "./resource-endpoints.ts";

export const userRoleType = resourceType<UserRole>({
  type: "user_role",
  path: "user-roles",
  prefix: "userrole",
  description:
    "A role granted to a user in the whole environment. Its permissions apply in every organization.",
  seenBy: "A signed-in user sees their own; with `users:read` in the environment, everyone's.",
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

const NOT_ABOVE =
  "A user with `users:manage` in the environment, for users and roles without permissions there that they lack.";

export const userRoleEndpoints = [
  creates(userRoleType, {
    summary: "Grant a user a role in the whole environment. Its permissions apply in every organization.",
    allow: inEnvironment("users:manage", { scope: "user_roles:write", people: NOT_ABOVE }),
    relationships: {
      user: { type: "user", prefix: "user", required: true },
      role: { type: "role", prefix: "role", required: true },
    },
    async create(request) {
      const { user: user_id, role: role_id } = request.body.relationships;
      const { environment_id } = request.environment;
      const grant = { environment_id, user_id, role_id };
      return grantUserRole(request.context, grant, request.actor);
    },
  }),
  deletes(userRoleType, {
    summary:
      "Revoke a user's role in the environment, and the pending invitations they could no longer send.",
    allow: inEnvironment("users:manage", { scope: "user_roles:delete", people: NOT_ABOVE }),
    remove: (request) => revokeUserRole(request.context, keyOf(request), request.actor),
  }),
];
