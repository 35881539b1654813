import { z } from "zod";
import { endpoint } from "../http/endpoint.ts";
import { grantRole } from "../memberships/grant-role.ts";
import { withdrawRole } from "../memberships/withdraw-role.ts";
import { creates, NOTHING } from "./answers.ts";
import { newResource } from "./bodies.ts";
import { keyOf } from "./key-of.ts";
import { created } from "./reading/read-back.ts";
import { readEndpoints } from "./reading/read-endpoints.ts";
import { membershipRoleType } from "./types/membership-role-type.ts";

const newMembershipRole = {
  type: "membership_role",
  attributes: z.strictObject({}),
  relationships: {
    membership: { type: "membership", prefix: "orguser", required: true },
    role: { type: "role", prefix: "role", required: true },
  },
} as const;

export const membershipRoleEndpoints = [
  ...readEndpoints(membershipRoleType),
  endpoint({
    method: "POST",
    path: "/api/membership-roles",
    summary: "Give a member a role in the organization. Nobody gives what they don't have.",
    who: "caller",
    scope: "membership_roles:write",
    limit: "write",
    body: newResource(newMembershipRole),
    organization: ({ body }) => ({ membership: body.relationships.membership }),
    permission: "members:manage",
    answers: creates(membershipRoleType),
    async handle(request) {
      const { membership: membership_id = "", role: role_id = "" } = request.body.relationships;
      const { environment_id } = request.environment;
      const grant = {
        environment_id,
        organization_id: request.organization?.id ?? "",
        membership_id,
        role_id,
      };
      const { id } = await grantRole(request.context, grant, request.actor);
      return created(request, membershipRoleType, id);
    },
  }),
  endpoint({
    method: "DELETE",
    path: "/api/membership-roles/:id",
    summary: "Take a role from a member, and the pending invitations they could no longer send.",
    who: "caller",
    scope: "membership_roles:delete",
    limit: "write",
    organization: ({ params }) => ({ membershipRole: params.id }),
    answers: NOTHING,
    allowed: "A member with `members:manage` in the organization.",
    async handle(request) {
      // Not declared: asked again by its `Idempotency-Key`, there is nothing left that would name the organization.
      request.require("members:manage");
      const key = { ...keyOf(request), organization_id: request.organization?.id ?? "" };
      await withdrawRole(request.context, key, request.actor);
      return { status: 204 };
    },
  }),
];
