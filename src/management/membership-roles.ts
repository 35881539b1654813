import { z } from "zod";
import { inBody, inPath, member } from "../access/allow.ts";
import { byColumn } from "../json-api/filters.ts";
import { among } from "../json-api/lead.ts";
import { type Lead, resourceType, type Viewer } from "../json-api/resource-type.ts";
import { grantMemberRole, revokeMemberRole } from "../memberships/member-roles.ts";
import { MembershipRole } from "../models/join-tables.ts";
import { keyInOrganization, organizationOf } from "./key-of.ts";
import { creates, deletes } from "./resource-endpoints.ts";
import { isAlive, leadsByOrganization, ownMemberships } from "./visible-organizations.ts";

export const membershipRoleType = resourceType<MembershipRole>({
  type: "membership_role",
  path: "membership-roles",
  prefix: "orguserrole",
  description:
    "One role of one membership. Creating it grants the member the role; deleting it revokes the role.",
  seenBy: "Anyone who sees the membership.",
  visible: (viewer) =>
    among(
      viewer,
      MembershipRole.query(viewer.db)
        .select("membership_roles.*")
        .where("membership_roles.environment_id", viewer.environment_id)
        .whereRaw(isAlive("membership_roles.organization_id")),
      leads(viewer),
    ),
  leads,
  attributes: z.object({}),
  relationships: {
    membership: { type: "membership", id: ({ membership_id }) => membership_id },
    role: { type: "role", id: ({ role_id }) => role_id },
  },
  sortable: ["created_at"],
  filters: {
    membership: byColumn("membership_roles.membership_id"),
    role: byColumn("membership_roles.role_id"),
  },
});

function leads(viewer: Viewer): Lead[] | undefined {
  const seen = leadsByOrganization(viewer, "members:read", "membership_roles.organization_id");
  return seen && [...seen, ownMemberships(viewer, "membership_roles.membership_id")];
}

export const membershipRoleEndpoints = [
  creates(membershipRoleType, {
    summary: "Grant a member a role in the organization. Nobody grants permissions they don't have.",
    allow: member("members:manage", { of: inBody("membership"), scope: "membership_roles:write" }),
    relationships: {
      membership: { type: "membership", prefix: "orguser", required: true },
      role: { type: "role", prefix: "role", required: true },
    },
    async create(request) {
      const { membership: membership_id, role: role_id } = request.body.relationships;
      const { environment_id } = request.environment;
      const organization_id = organizationOf(request);
      const grant = { environment_id, organization_id, membership_id, role_id };
      return grantMemberRole(request.context, grant, request.actor);
    },
  }),
  deletes(membershipRoleType, {
    summary: "Revoke a member's role, and the pending invitations they could no longer send.",
    allow: member("members:manage", {
      of: inPath("membershipRole"),
      scope: "membership_roles:delete",
      judged: "with the key",
    }),
    remove: (request) => revokeMemberRole(request.context, keyInOrganization(request), request.actor),
  }),
];
