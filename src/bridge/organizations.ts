import { z } from "zod";
import { inPath, member, signedIn } from "../access/allow.ts";
import { forbidden } from "../errors.ts";
import { endpoint } from "../http/endpoint.ts";
import type { Organization } from "../models/organization.ts";
import { countOrganizationRows } from "../organizations/count-organization-rows.ts";
import { createOrganization } from "../organizations/create-organization.ts";
import { findOwnOrganization } from "../organizations/find-own-organization.ts";
import { listOwnOrganizations } from "../organizations/list-own-organizations.ts";
import { organizationAttributes } from "../organizations/organization-attributes.ts";
import { requireOwner, transferOwnership } from "../organizations/transfer-ownership.ts";
import { updateOrganization } from "../organizations/update-organization.ts";
import { page, record, show, shown, time } from "./envelope.ts";
import { fields } from "./fields.ts";
import { pageParameters, pagingOf } from "./list-query.ts";
import { keyOf, userIn } from "./owner-in.ts";

const given = organizationAttributes.omit({ slug: true, external_id: true, public_metadata: true });
const newOrganization = given.omit({ member_management: true });
const changedOrganization = given.partial();

/** The strongest system role a user has; null without one. */
export const strongestRole = z.enum(["owner", "admin", "billing", "member"]).nullable();

const organizationShape = z.object({
  id: z.string(),
  ...shown(given.shape),
  owner_user_id: z.string().nullable(),
  created_at: time,
  updated_at: time,
});
const withRoleShape = organizationShape.extend({ your_role: strongestRole, your_roles: z.array(z.string()) });
const ownShape = organizationShape
  .pick({ id: true, name: true, business_email: true, created_at: true })
  .extend({ role: strongestRole, roles: z.array(z.string()) });
/** Rows by table. */
export const counts = z.record(z.string(), z.number().int());
const previewShape = z.object({ organization_id: z.string(), planned: counts });

const one = (of: z.ZodObject, status: 200 | 201 = 200) =>
  ({ status, records: { holds: "record", name: "Organization", of } }) as const;

export const organizationEndpoints = [
  endpoint({
    method: "POST",
    path: "/bridge-payment/organizations",
    summary: "Create an organization. Whoever creates it is its owner.",
    allow: signedIn({}),
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
    summary: "List the organizations you are a member of, each with your role there.",
    allow: signedIn({}),
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
    summary: "Read an organization, with your role there.",
    allow: member("organization:read", { of: inPath("organization") }),
    limit: "read",
    answers: {
      status: 200,
      records: { holds: "record", name: "OrganizationWithRole", of: withRoleShape },
    },
    async handle(request) {
      const organization = await findOwnOrganization(request.context.db, keyOf(request), userIn(request));
      // Its deletion began after the permission check.
      if (organization === undefined)
        throw forbidden("forbidden", "You are not a member of this organization.");
      return record(present(organization, withRoleShape));
    },
  }),
  endpoint({
    method: "PUT",
    path: "/bridge-payment/organizations/:id",
    summary: "Change an organization's details. What is left out stays.",
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
    summary: "Make another member the owner; you become admin.",
    allow: member("organization:delete", { of: inPath("organization"), people: "The owner." }),
    limit: "write",
    body: fields(z.strictObject({ user_id: z.string().max(64) })),
    answers: { ...one(organizationShape), message: "Ownership transferred successfully" },
    async handle(request) {
      requireOwner(request.organization);
      const by = { actor: request.actor, expectedOwnerId: userIn(request) };
      const changed = await transferOwnership(request.context, keyOf(request), request.body.user_id, by);
      return record(present(changed), 200, "Ownership transferred successfully");
    },
  }),
  endpoint({
    method: "POST",
    path: "/bridge-payment/organizations/:id/deletion-preview",
    summary: "Count what a deletion would detach and remove. Changes nothing.",
    allow: member("organization:delete", { of: inPath("organization") }),
    limit: "read",
    answers: { status: 200, records: { holds: "record", name: "DeletionPreview", of: previewShape } },
    async handle({ context, params }) {
      const organization_id = params.id;
      return record({ organization_id, planned: await countOrganizationRows(context.db, organization_id) });
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
