import { z } from "zod";
import { MembershipRole } from "../../models/join-tables.ts";
import { byColumn } from "../reading/filters.ts";
import { among, type Lead } from "../reading/lead.ts";
import { resourceType, type Viewer } from "../reading/resource-type.ts";
import { ownMemberships } from "./membership-type.ts";
import { isAlive, leadsByOrganization } from "./visible-organizations.ts";

export const membershipRoleType = resourceType<MembershipRole>({
  type: "membership_role",
  path: "membership-roles",
  prefix: "orguserrole",
  /** Those of the memberships the viewer may see. */
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
