import { z } from "zod";
import { Organization } from "../../models/organization.ts";
import { metadata, time } from "../reading/attribute-types.ts";
import { bySearch, foundIds, isFound } from "../reading/by-search.ts";
import { byColumn } from "../reading/filters.ts";
import { among } from "../reading/lead.ts";
import { type Rows, resourceType, type Viewer } from "../reading/resource-type.ts";
import { leadsByOrganization } from "./visible-organizations.ts";

const COLUMNS = [
  "id",
  "environment_id",
  "name",
  "slug",
  "owner_user_id",
  "business_email",
  "business_phone",
  "tax_id",
  "address",
  "country",
  "picture",
  "external_id",
  "member_management",
  "created_at",
  "updated_at",
].map((column) => `organizations.${column}`);

export const organizationType = resourceType<Organization>({
  type: "organization",
  path: "organizations",
  prefix: "org",
  visible: (viewer) =>
    among(
      viewer,
      Organization.query(viewer.db)
        .select(COLUMNS)
        .where("organizations.environment_id", viewer.environment_id)
        .whereNull("organizations.deleting_at"),
      leads(viewer),
    ),
  leads,
  attributes: z.object({
    name: z.string(),
    slug: z.string().nullable(),
    business_email: z.string().nullable(),
    business_phone: z.string().nullable(),
    tax_id: z.string().nullable(),
    address: z.string().nullable(),
    country: z.string().nullable(),
    picture: z.string().nullable(),
    public_metadata: metadata,
    metadata,
    external_id: z.string().nullable(),
    member_management: z.enum(["owner", "owner_and_admins"]),
    created_at: time,
    updated_at: time,
  }),
  onDemand: {
    public_metadata: () => "organizations.public_metadata",
    metadata: () => "organizations.metadata",
  },
  relationships: {
    owner: { type: "user", id: ({ owner_user_id }) => owner_user_id },
    memberships: { type: "membership", column: "organization_id" },
    invitations: { type: "invitation", column: "organization_id" },
    roles: { type: "role", column: "organization_id" },
  },
  sortable: ["name", "created_at"],
  filters: {
    owner: byColumn("organizations.owner_user_id"),
    slug: byColumn("organizations.slug"),
    external_id: byColumn("organizations.external_id"),
    search: bySearch<Organization>(searched),
  },
});

/** Those who don't see every organization have few, and each of them is looked at. */
function searched(wanted: string, viewer: Viewer): Array<(rows: Rows<Organization>) => void> {
  if (leads(viewer) !== undefined) return [isFound(wanted)];
  const ids = foundIds(viewer, "o", wanted);
  return [(rows) => void rows.whereRaw("organizations.id = any(array(?))", [ids])];
}

function leads(viewer: Viewer) {
  return leadsByOrganization(viewer, "organization:read", "organizations.id");
}
