import { z } from "zod";
import { MembershipRole } from "../../models/membership-role.ts";
import { byColumn } from "../reading/filters.ts";
import { resourceType } from "../reading/resource-type.ts";
import { visibleMemberships } from "./membership-type.ts";

export const membershipRoleType = resourceType<MembershipRole>({
  type: "membership_role",
  path: "membership-roles",
  prefix: "orguserrole",
  visible: (viewer) =>
    MembershipRole.query(viewer.db)
      .select("membership_roles.*")
      .whereIn("membership_roles.membership_id", visibleMemberships(viewer).select("memberships.id")),
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
