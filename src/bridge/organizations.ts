import { z } from "zod";
import { inPath, member, signedIn } from "../access/allow.ts";
import { forbidden } from "../errors.ts";
import { created_at, described, metadata, shown, updated_at } from "../http/attributes.ts";
import { endpoint } from "../http/endpoint.ts";
import { exampleId } from "../lib/id.ts";
import type { Organization } from "../models/organization.ts";
import { createOrganization } from "../organizations/create-organization.ts";
import { organizationAttributes } from "../organizations/organization-attributes.ts";
import { findOwnOrganization, listOwnOrganizations } from "../organizations/own-organizations.ts";
import { requireOwner, transferOwnership } from "../organizations/transfer-ownership.ts";
import { updateOrganization } from "../organizations/update-organization.ts";
import { idOf, page, record, show } from "./envelope.ts";
import { fields } from "./fields.ts";
import { pageParameters, pagingOf } from "./list-query.ts";
import { keyOf, userIn } from "./owner-in.ts";

const { member_management } = organizationAttributes.shape;
const given = organizationAttributes.omit({ slug: true, external_id: true, public_metadata: true }).extend({
  member_management: member_management
    .unwrap()
    .meta({ ...member_management.unwrap().meta(), examples: ["owner"] })
    .optional(),
  metadata: described(
    metadata,
    "Data its members store with it: at most 8,192 bytes and 50 keys, nested ones included. The Management API calls it `public_metadata`; `metadata` there is for programs.",
    {},
  ).optional(),
});
const newOrganization = given.omit({ member_management: true }).meta({
  examples: [
    {
      name: "Acme Corp",
      business_email: "office@acme.example",
      business_phone: "+44 20 7946 0018",
      tax_id: "GB123456789",
      address: "1 Analytical Row, London",
      country: "GB",
    },
  ],
});
const changedOrganization = given
  .partial()
  .meta({ examples: [{ business_phone: "+44 20 7946 0099", member_management: "owner_and_admins" }] });
const transfer = z
  .strictObject({
    user_id: z.string().max(64).describe("The user id of the member who becomes the owner."),
  })
  .meta({ examples: [{ user_id: exampleId("user") }] });

/** The strongest system role a user has; null without one. */
export const strongestRole = z.enum(["owner", "admin", "billing", "member"]).nullable();
const ownRole = strongestRole.meta({ examples: ["owner"] });
const ownRoles = z.array(z.string()).meta({ examples: [["owner"]] });

const organizationShape = z.object({
  id: idOf("org"),
  ...shown(given.shape),
  owner_user_id: described(
    z.string().nullable(),
    "Its owner; only `transfer-ownership` changes it.",
    exampleId("user"),
  ),
  created_at,
  updated_at,
});
const withRoleShape = organizationShape.extend({
  your_role: ownRole.describe("Your strongest system role there; null without one."),
  your_roles: ownRoles.describe("All your roles there, including custom roles of the environment."),
});
const ownShape = organizationShape
  .pick({ id: true, name: true, business_email: true, created_at: true })
  .extend({ role: ownRole, roles: ownRoles });
const one = (of: z.ZodObject, status: 200 | 201 = 200) =>
  ({ status, records: { holds: "record", name: "Organization", of } }) as const;

export const organizationEndpoints = [
  endpoint({
    method: "POST",
    path: "/bridge-payment/organizations",
    operationId: "bridgeCreateOrganization",
    summary: "Create an organization. Its creator becomes the owner.",
    allow: signedIn(),
    limit: "write",
    body: fields(newOrganization),
    answers: one(organizationShape, 201),
    async handle(request) {
      const { environment_id } = request.environment;
      const organization = { ...columnsOf(request.body), environment_id, owner_user_id: userIn(request) };
      const created = await createOrganization(request.context, organization, request.actor);
      return record(present(created), 201);
    },
  }),
  endpoint({
    method: "GET",
    path: "/bridge-payment/organizations",
    operationId: "bridgeListOrganizations",
    summary: "List the organizations you are a member of, each with your role there.",
    allow: signedIn(),
    limit: "read",
    query: z.strictObject(pageParameters(100)),
    answers: { status: 200, records: { holds: "page", name: "OwnOrganization", of: ownShape } },
    async handle(request) {
      const { environment_id } = request.environment;
      const paging = pagingOf(request.query);
      const whose = { environment_id, user_id: userIn(request) };
      const { rows, total } = await listOwnOrganizations(request.context.db, whose, paging);
      return page(rows, total, paging);
    },
  }),
  endpoint({
    method: "GET",
    path: "/bridge-payment/organizations/:id",
    operationId: "bridgeReadOrganization",
    summary: "Read an organization, with your role there.",
    allow: member("organization:read", { of: inPath("organization") }),
    limit: "read",
    answers: {
      status: 200,
      records: { holds: "record", name: "OrganizationWithRole", of: withRoleShape },
    },
    async handle(request) {
      const organization = await findOwnOrganization(request.context.db, keyOf(request), userIn(request));
      // Its deletion started after the permission check.
      if (organization === undefined)
        throw forbidden("forbidden", "You are not a member of this organization.");
      return record(present(organization, withRoleShape));
    },
  }),
  endpoint({
    method: "PUT",
    path: "/bridge-payment/organizations/:id",
    operationId: "bridgeUpdateOrganization",
    summary: "Change an organization's details. Fields that are left out stay.",
    allow: member("organization:update", { of: inPath("organization") }),
    limit: "write",
    body: fields(changedOrganization),
    answers: one(organizationShape),
    async handle(request) {
      const { context, actor, body } = request;
      const changed = await updateOrganization(context, keyOf(request), columnsOf(body), actor);
      return record(present(changed));
    },
  }),
  endpoint({
    method: "POST",
    path: "/bridge-payment/organizations/:id/transfer-ownership",
    operationId: "bridgeTransferOwnershipOfOrganization",
    summary: "Make another member the owner; you become an admin.",
    allow: member("organization:delete", { of: inPath("organization"), people: "The owner." }),
    limit: "write",
    body: fields(transfer),
    answers: { ...one(organizationShape), message: "Ownership transferred successfully" },
    async handle(request) {
      requireOwner(request.organization);
      const by = { actor: request.actor, expectedOwnerId: userIn(request) };
      const changed = await transferOwnership(request.context, keyOf(request), request.body.user_id, by);
      return record(present(changed), 200, "Ownership transferred successfully");
    },
  }),
];

/** This API's `metadata` belongs to the members. The `metadata` of the team's programs is not available here. */
function columnsOf<Body extends { metadata?: Record<string, unknown> | undefined }>({
  metadata,
  ...rest
}: Body) {
  return { ...rest, ...(metadata === undefined ? {} : { public_metadata: metadata }) };
}

function present(row: Pick<Organization, "public_metadata">, shape: z.ZodObject = organizationShape) {
  return show(shape, { ...row, metadata: row.public_metadata });
}
