import { z } from "zod";
import { requireInEnvironment } from "../../http/caller.ts";
import { Membership } from "../../models/membership.ts";
import { metadata, time } from "../reading/attribute-types.ts";
import { bySearch, foundIds, isFound } from "../reading/by-search.ts";
import { byColumn } from "../reading/filters.ts";
import { among, idsFrom, type Lead } from "../reading/lead.ts";
import { type Rows, resourceType, type Viewer } from "../reading/resource-type.ts";
import { isAlive, leadsByOrganization, visibleOrganizations } from "./visible-organizations.ts";

export const membershipType = resourceType<Membership>({
  type: "membership",
  path: "memberships",
  prefix: "orguser",
  /** Of organizations whose members the viewer may see, and their own. */
  visible: (viewer) =>
    among(
      viewer,
      Membership.query(viewer.db)
        .modify("withRoles")
        .where("memberships.environment_id", viewer.environment_id)
        .whereRaw(isAlive("memberships.organization_id")),
      leads(viewer),
    ),
  leads,
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
    search: { ...bySearch<Membership>(searched), findsFew: true },
  },
});

function leads(viewer: Viewer): Lead[] | undefined {
  const seen = leadsByOrganization(viewer, "members:read", "memberships.organization_id");
  return seen && [...seen, ownMemberships(viewer, "memberships.id")];
}

/** By their users' names and addresses, so an access token needs to be allowed to read users. */
function searched(wanted: string, viewer: Viewer): Array<(rows: Rows<Membership>) => void> {
  requireInEnvironment(viewer.caller, { scope: "users:read" });
  const organizations = visibleOrganizations(viewer, "members:read");
  if (organizations === undefined) {
    const users = foundIds(viewer, "u", wanted);
    return [(rows) => void rows.whereRaw("memberships.user_id = any(array(?))", [users])];
  }
  const { caller } = viewer;
  const ids = foundIds(viewer, "m", wanted, idsFrom(organizations));
  return [
    (rows) => void rows.whereRaw("memberships.id = any(array(?))", [ids]),
    (rows) =>
      void rows
        .where("memberships.user_id", caller.kind === "user" ? caller.user_id : null)
        .modify(isFound(wanted)),
  ];
}

/** Leads to what belongs to the viewer's own memberships. */
export function ownMemberships({ db, caller }: Viewer, column: string): Lead {
  const from = db("memberships as own").where({
    "own.user_id": caller.kind === "user" ? caller.user_id : null,
  });
  return { column, from, key: "own.id" };
}
