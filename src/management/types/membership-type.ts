import { z } from "zod";
import { Membership } from "../../models/membership.ts";
import { Organization } from "../../models/organization.ts";
import { metadata, time } from "../reading/attribute-types.ts";
import { byColumn } from "../reading/filters.ts";
import { resourceType, type Viewer } from "../reading/resource-type.ts";
import { visibleOrganizations } from "./visible-organizations.ts";

export const membershipType = resourceType<Membership>({
  type: "membership",
  path: "memberships",
  prefix: "orguser",
  visible: (viewer) => visibleMemberships(viewer).modify("withRoles"),
  attributes: z.object({ metadata, created_at: time, updated_at: time }),
  onDemand: { metadata: () => "memberships.metadata" },
  relationships: {
    organization: { type: "organization", id: ({ organization_id }) => organization_id },
    user: { type: "user", id: ({ user_id }) => user_id },
    roles: { type: "role", ids: ({ role_ids = [] }) => role_ids },
    membership_roles: { type: "membership_role", column: "membership_id" },
  },
  sortable: ["created_at"],
  filters: {
    organization: byColumn("memberships.organization_id"),
    user: byColumn("memberships.user_id"),
  },
});

/** Of organizations whose members the viewer may see, and their own. */
export function visibleMemberships(viewer: Viewer) {
  const { db, environment_id, caller } = viewer;
  const alive = Organization.query(db).select("id").whereNull("deleting_at");
  const seen = visibleOrganizations(viewer, "members:read");
  return Membership.query(db)
    .where("memberships.environment_id", environment_id)
    .whereIn("memberships.organization_id", alive)
    .where((either) => {
      void either.whereIn("memberships.organization_id", seen);
      if (caller.kind === "user") void either.orWhere("memberships.user_id", caller.user_id);
    });
}
