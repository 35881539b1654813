import { z } from "zod";
import { inBody, inPath, signedIn } from "../access/allow.ts";
import { endpoint } from "../http/endpoint.ts";
import { creates } from "../json-api/answers.ts";
import { newResource } from "../json-api/bodies.ts";
import { byColumn } from "../json-api/filters.ts";
import { findVisible } from "../json-api/find-visible.ts";
import { among } from "../json-api/lead.ts";
import { created } from "../json-api/read-back.ts";
import { resourceType, type Viewer } from "../json-api/resource-type.ts";
import { RolePermission } from "../models/join-tables.ts";
import { grantPermission, revokePermission } from "../roles/role-permissions.ts";
import {
  isOfOwnOrganization,
  ROLES_MANAGERS,
  requireRolesManage,
  roleKeyOf,
} from "./require-roles-manage.ts";
import { deletes } from "./resource-endpoints.ts";
import { RevokedInvitations } from "./revoked-invitations.ts";
import { leadsByRole, roleType } from "./roles.ts";
import { isAlive } from "./visible-organizations.ts";

export const rolePermissionType = resourceType<RolePermission>({
  type: "role_permission",
  path: "role-permissions",
  prefix: "roleperm",
  description:
    "One permission of one role. Creating it grants the permission to everyone with the role; deleting it revokes it.",
  seenBy: "Anyone who sees the role.",
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

const newRolePermission = {
  type: "role_permission",
  attributes: z.strictObject({}),
  relationships: {
    role: { type: "role", prefix: "role", required: true },
    permission: { type: "permission", prefix: "perm", required: true },
  },
} as const;

export const rolePermissionEndpoints = [
  endpoint({
    method: "POST",
    path: "/api/role-permissions",
    operationId: "createRolePermission",
    summary:
      "Grant a permission to a role, and so to everyone who has the role. Nobody grants permissions they don't have. Programs may grant admin, billing and member more than they have from the start; the system roles ranked above get it too. Pending invitations that would now grant more than their inviter has are revoked.",
    allow: signedIn({
      of: inBody("role"),
      scope: "role_permissions:write",
      people: `${ROLES_MANAGERS} System roles: only programs.`,
    }),
    limit: "write",
    body: newResource(newRolePermission),
    answers: { ...creates(rolePermissionType), meta: RevokedInvitations },
    async handle(request) {
      const { role, permission } = request.body.relationships;
      const source = { pointer: "/data/relationships/role" };
      if (!isOfOwnOrganization(request.organization)) await findVisible(request, roleType, role, { source });
      requireRolesManage(request, request.organization !== undefined);
      const key = roleKeyOf(request, role);
      const { granted, revoked } = await grantPermission(request.context, key, permission, request.actor);
      const answer = await created(request, rolePermissionType, granted.id);
      return { ...answer, document: { ...answer.document, meta: { revoked_invitations: revoked } } };
    },
  }),
  deletes(rolePermissionType, {
    summary:
      "Revoke a role's permission, and the pending invitations its holders could no longer send. From admin, billing and member, programs may revoke permissions that were added.",
    allow: signedIn({
      of: inPath("rolePermission"),
      scope: "role_permissions:delete",
      people: `${ROLES_MANAGERS} System roles: only programs.`,
    }),
    async remove(request) {
      const { organization, params } = request;
      if (!isOfOwnOrganization(organization)) await findVisible(request, rolePermissionType, params.id);
      requireRolesManage(request, organization !== undefined);
      await revokePermission(request.context, roleKeyOf(request, params.id), request.actor);
    },
  }),
];
