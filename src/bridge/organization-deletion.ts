import { z } from "zod";
import { inPath, member, signedIn } from "../access/allow.ts";
import { forbidden } from "../errors.ts";
import { created_at, described, LATER, time, updated_at } from "../http/attributes.ts";
import { endpoint, type OneRequest } from "../http/endpoint.ts";
import { countOrganizationRows } from "../organizations/count-organization-rows.ts";
import { deleteOrganization, findDeletion } from "../organizations/delete-organization.ts";
import { idOf, record, show } from "./envelope.ts";
import { keyOf, userIn } from "./owner-in.ts";

const counts = z.record(z.string(), z.number().int());

/** The plan of a deletion, part of both its preview and its receipt. */
const planShape = z.object({
  organization_id: idOf("org", "The organization being deleted."),
  planned: described(counts, "Rows per table, counted at the start.", {
    subscriptions: 1,
    payments: 1,
    addresses: 1,
    memberships: 2,
  }),
});

const deletionShape = planShape.extend({
  id: idOf("del"),
  organization_name: described(z.string(), "The organization's name.", "Acme Corp"),
  state: described(z.enum(["detaching", "completed"]), "Whether it is still running.", "detaching"),
  done: described(planShape.shape.planned, "Rows per table processed so far.", {}),
  created_at,
  updated_at,
  completed_at: time.nullable(),
});
const records = { holds: "record", name: "OrganizationDeletion", of: deletionShape } as const;
const DELETED = "Organization deleted successfully";

export const organizationDeletionEndpoints = [
  endpoint({
    method: "POST",
    path: "/bridge-payment/organizations/:id/deletion-preview",
    operationId: "bridgePreviewDeletionOfOrganization",
    summary: "Count what a deletion would detach and remove, without changing anything.",
    allow: member("organization:delete", { of: inPath("organization") }),
    limit: "read",
    answers: { status: 200, records: { holds: "record", name: "DeletionPreview", of: planShape } },
    async handle({ context, params }) {
      const organization_id = params.id;
      return record({ organization_id, planned: await countOrganizationRows(context.db, organization_id) });
    },
  }),
  endpoint({
    method: "DELETE",
    path: "/bridge-payment/organizations/:id",
    operationId: "bridgeDeleteOrganization",
    summary:
      "Delete an organization for good. Access ends at once, and its resources return to their creators.",
    allow: signedIn({
      of: inPath("organization"),
      people:
        "A member with `organization:delete` in the organization. While it runs, the user who requested it may repeat the request.",
    }),
    limit: "write",
    answers: { status: 200, records, message: DELETED },
    async handle(request) {
      const deletion = (await runningDeletion(request)) ?? (await begin(request));
      return record(show(deletionShape, deletion), 200, DELETED);
    },
  }),
  endpoint({
    method: "GET",
    path: "/bridge-payment/organizations/:id/deletion",
    operationId: "bridgeReadDeletionOfOrganization",
    summary: "Read a deletion's progress or, once it is completed, its receipt.",
    allow: signedIn({ people: "The user who requested the deletion." }),
    limit: "read",
    answers: {
      status: 200,
      records,
      example: {
        state: "completed",
        done: { subscriptions: 1, payments: 1, addresses: 1, memberships: 2 },
        completed_at: LATER,
        updated_at: LATER,
      },
    },
    async handle(request) {
      const deletion = await ownDeletion(request);
      if (deletion === undefined) throw forbidden("forbidden", "You have not requested this deletion.");
      return record(show(deletionShape, deletion));
    },
  }),
];

function ownDeletion(request: OneRequest) {
  return findDeletion(request.context.db, keyOf(request), userIn(request));
}

/** Finds the deletion that an earlier request of the caller started. */
async function runningDeletion(request: OneRequest) {
  return request.organization === undefined ? ownDeletion(request) : undefined;
}

async function begin(request: OneRequest) {
  request.requirePermission("organization:delete");
  try {
    return await deleteOrganization(request.context, keyOf(request), request.actor);
  } catch (error) {
    // A deletion that the caller requested before may have completed since the permission check.
    const deletion = await ownDeletion(request);
    if (deletion === undefined) throw error;
    return deletion;
  }
}
