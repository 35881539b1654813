import { z } from "zod";
import { endpoint } from "../http/endpoint.ts";
import { giveRole } from "../users/give-role.ts";
import { takeRole } from "../users/take-role.ts";
import { creates, NOTHING } from "./answers.ts";
import { newResource } from "./bodies.ts";
import { keyOf } from "./key-of.ts";
import { created } from "./reading/read-back.ts";
import { readEndpoints } from "./reading/read-endpoints.ts";
import { userRoleType } from "./types/user-role-type.ts";

const newUserRole = {
  type: "user_role",
  attributes: z.strictObject({}),
  relationships: {
    user: { type: "user", prefix: "user", required: true },
    role: { type: "role", prefix: "role", required: true },
  },
} as const;

const NOT_ABOVE =
  "A user with `users:manage` in the environment, for users and roles that may do nothing there that they may not.";

export const userRoleEndpoints = [
  ...readEndpoints(userRoleType),
  endpoint({
    method: "POST",
    path: "/api/user-roles",
    summary: "Give a user a role in the whole environment; it counts in every organization.",
    who: "caller",
    scope: "user_roles:write",
    environmentPermission: "users:manage",
    limit: "write",
    allowed: NOT_ABOVE,
    body: newResource(newUserRole),
    answers: creates(userRoleType),
    async handle(request) {
      const { user: user_id = "", role: role_id = "" } = request.body.relationships;
      const { environment_id } = request.environment;
      const given = { environment_id, user_id, role_id };
      const { id } = await giveRole(request.context, given, request.actor);
      return created(request, userRoleType, id);
    },
  }),
  endpoint({
    method: "DELETE",
    path: "/api/user-roles/:id",
    summary:
      "Take a role of the environment from a user, and the pending invitations they could no longer send.",
    who: "caller",
    scope: "user_roles:delete",
    environmentPermission: "users:manage",
    limit: "write",
    allowed: NOT_ABOVE,
    answers: NOTHING,
    async handle(request) {
      await takeRole(request.context, keyOf(request), request.actor);
      return { status: 204 };
    },
  }),
];
