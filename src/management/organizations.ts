import { z } from "zod";
import { inPath, member, signedIn } from "../access/allow.ts";
import { requireScope } from "../access/require-permission.ts";
import { forbidden, invalid } from "../errors.ts";
import { created_at, described, emailAddress, shown, updated_at } from "../http/attributes.ts";
import { type EndpointRequest, endpoint } from "../http/endpoint.ts";
import { shows } from "../json-api/answers.ts";
import { meta } from "../json-api/bodies.ts";
import { byColumn, bySearch, foundIds, isFound } from "../json-api/filters.ts";
import { among } from "../json-api/lead.ts";
import { changed } from "../json-api/read-back.ts";
import { type Rows, resourceType, type Viewer } from "../json-api/resource-type.ts";
import { exampleId } from "../lib/id.ts";
import { Organization } from "../models/organization.ts";
import { createOrganization } from "../organizations/create-organization.ts";
import { organizationAttributes as attributes } from "../organizations/organization-attributes.ts";
import { requireOwner, transferOwnership } from "../organizations/transfer-ownership.ts";
import { updateOrganization } from "../organizations/update-organization.ts";
import { keyOf } from "./key-of.ts";
import { changes, creates } from "./resource-endpoints.ts";
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
  description:
    "A company or team whose members share what belongs to it. It has one owner, who is always a member.",
  seenBy: "A signed-in user sees those where they have `organization:read`.",
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
  attributes: z.object({ ...shown(attributes.shape), created_at, updated_at }),
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

/** Viewers who don't see every organization see few, so each is checked. */
function searched(wanted: string, viewer: Viewer): Array<(rows: Rows<Organization>) => void> {
  if (leads(viewer) !== undefined) return [isFound(wanted)];
  const ids = foundIds(viewer, "o", wanted);
  return [(rows) => void rows.whereRaw("organizations.id = any(array(?))", [ids])];
}

function leads(viewer: Viewer) {
  return leadsByOrganization(viewer, "organization:read", "organizations.id");
}

const Transfer = z.strictObject({
  user_id: described(z.string().max(64), "The member who becomes the owner.", exampleId("user")),
});

/** Naming the owner grants a member every permission there. */
const NAMES_OWNER = "memberships:write";

export const organizationEndpoints = [
  creates(organizationType, {
    summary:
      "Create an organization. A signed-in user becomes its owner. Others may name one, or invite one by `owner_email`; until the invitation is accepted, the organization has no owner.",
    allow: signedIn({
      scope: "organizations:write",
      people:
        "Anyone who is signed in. A client that names the owner also needs `memberships:write`, and one that invites the owner `invitations:write`.",
    }),
    attributes: attributes.extend({
      owner_email: described(
        emailAddress.nullable(),
        "The address to invite as the owner if the relationship `owner` names nobody. Programs only. The organization has no owner until the invitation is accepted; `POST /api/invitations` with the role `owner` invites again.",
      ).optional(),
    }),
    relationships: { owner: { type: "user", prefix: "user", required: false } },
    async create(request) {
      const { attributes, relationships } = request.body;
      const { owner_email: owner_address = null, ...details } = attributes;
      const owner_user_id = ownerOf(request, relationships.owner, owner_address !== null);
      const { environment_id } = request.environment;
      return createOrganization(
        request.context,
        { ...details, environment_id, owner_user_id, owner_address },
        request.actor,
      );
    },
  }),
  changes(organizationType, {
    summary: "Change an organization's details. Of its members, only the owner decides who manages members.",
    allow: member("organization:update", { of: inPath("organization"), scope: "organizations:write" }),
    attributes: attributes.partial(),
    async change(request) {
      const key = keyOf(request);
      await updateOrganization(request.context, key, request.body.attributes, request.actor);
    },
  }),
  endpoint({
    method: "POST",
    path: "/api/organizations/:id/transfer-ownership",
    operationId: "transferOwnershipOfOrganization",
    summary:
      "Make another member the owner; the former owner becomes admin. The body's `meta.user_id` names the member.",
    allow: member("organization:delete", {
      of: inPath("organization"),
      scope: "organizations:write",
      people: "The owner, the operator, or a client that also has `memberships:write`.",
    }),
    limit: "write",
    body: meta(Transfer),
    answers: shows(organizationType),
    async handle(request) {
      const { caller, actor, body } = request;
      const key = keyOf(request);
      if (caller.kind === "user") requireOwner(request.organization);
      requireScope(caller, NAMES_OWNER);
      const expectedOwnerId = caller.kind === "user" ? caller.user_id : null;
      await transferOwnership(request.context, key, body.user_id, { actor, expectedOwnerId });
      return changed(request, organizationType, key.id);
    },
  }),
];

/** @throws 403 if a signed-in user names someone else, or a client lacks the scope to name or invite one, 422 for two owners. */
function ownerOf(
  { caller }: Pick<EndpointRequest, "caller">,
  named: string | undefined,
  isInvited: boolean,
): string | null {
  if (caller.kind !== "user") {
    const detail = "Name the owner or invite one: send the relationship `owner` or `owner_email`, not both.";
    if (named !== undefined && isInvited) throw invalid("two_owners", detail, "/data/attributes/owner_email");
    if (named !== undefined) requireScope(caller, NAMES_OWNER);
    if (isInvited) requireScope(caller, "invitations:write");
    return named ?? null;
  }
  if (named === undefined || named === caller.user_id) return caller.user_id;
  const pointer = "/data/relationships/owner";
  throw forbidden("owner_is_caller", "You become the owner yourself: leave `owner` out.", { pointer });
}
