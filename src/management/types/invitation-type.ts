import { z } from "zod";
import { INVITATION_STATUSES, Invitation } from "../../models/invitation.ts";
import { metadata, time } from "../reading/attribute-types.ts";
import { bySearch, foundIds } from "../reading/by-search.ts";
import { byAddress, byColumn, byCreation } from "../reading/filters.ts";
import { among, idsFrom } from "../reading/lead.ts";
import { type Rows, resourceType, type Viewer } from "../reading/resource-type.ts";
import { byDeliveryStatus, DELIVERY_STATUSES } from "./by-delivery-status.ts";
import { byStatusNow } from "./by-status-now.ts";
import { isAlive, leadsByOrganization, visibleOrganizations } from "./visible-organizations.ts";

export const invitationType = resourceType<Invitation>({
  type: "invitation",
  path: "invitations",
  prefix: "inv",
  visible: (viewer) =>
    among(
      viewer,
      Invitation.query(viewer.db)
        .modify("asListed")
        .modify("withSummary")
        .where("invitations.environment_id", viewer.environment_id)
        .whereRaw(isAlive("invitations.organization_id")),
      leads(viewer),
    ),
  leads,
  /** The token's version stays inside: it is half of a link. */
  attributes: z.object({
    email: z.string(),
    first_name: z.string().nullable(),
    last_name: z.string().nullable(),
    role_ids: z.array(z.string()),
    message: z.string().nullable(),
    locale: z.string().nullable(),
    metadata,
    status: z.enum(INVITATION_STATUSES),
    delivery_status: z.enum(DELIVERY_STATUSES).nullable(),
    expires_at: time,
    accepted_at: time.nullable(),
    declined_at: time.nullable(),
    revoked_at: time.nullable(),
    expired_at: time.nullable(),
    created_at: time,
    updated_at: time,
  }),
  onDemand: { metadata: () => "invitations.metadata" },
  computed: ({ delivery_state = null, role_ids = [] }) => ({
    role_ids,
    delivery_status: delivery_state === "pending" ? "queued" : delivery_state,
  }),
  relationships: {
    organization: { type: "organization", id: ({ organization_id }) => organization_id },
    inviter: { type: "user", id: ({ inviter_user_id }) => inviter_user_id },
    accepted_by: { type: "user", id: ({ accepted_by_user_id }) => accepted_by_user_id },
    revoked_by: { type: "user", id: ({ revoked_by_user_id }) => revoked_by_user_id },
    roles: { type: "role", ids: ({ role_ids = [] }) => role_ids },
    deliveries: { type: "delivery", column: "invitation_id" },
  },
  sortable: ["created_at", "expires_at", "email_canonical"],
  filters: {
    organization: byColumn("invitations.organization_id"),
    inviter: byColumn("invitations.inviter_user_id"),
    email: byAddress("invitations.email_canonical"),
    status: byStatusNow,
    delivery_status: byDeliveryStatus,
    ...byCreation("invitations"),
    search: { ...bySearch<Invitation>(searched), findsFew: true },
  },
});

function searched(wanted: string, viewer: Viewer): Array<(rows: Rows<Invitation>) => void> {
  const organizations = visibleOrganizations(viewer, "members:read");
  const ids = foundIds(viewer, "i", wanted, organizations && idsFrom(organizations));
  return [(rows) => void rows.whereRaw("invitations.id = any(array(?))", [ids])];
}

function leads(viewer: Viewer) {
  return leadsByOrganization(viewer, "members:read", "invitations.organization_id");
}
