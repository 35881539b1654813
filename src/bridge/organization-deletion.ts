import { z } from "zod";
import { forbidden } from "../errors.ts";
import { type EndpointRequest, endpoint } from "../http/endpoint.ts";
import { deleteOrganization } from "../organizations/delete-organization.ts";
import { findDeletion } from "../organizations/find-deletion.ts";
import { record, show, time } from "./envelope.ts";
import { counts } from "./organizations.ts";
import { keyOf, organizationInPath, userIn } from "./owner-in.ts";

const deletionShape = z.object({
  id: z.string(),
  organization_id: z.string(),
  organization_name: z.string(),
  state: z.enum(["detaching", "completed"]),
  planned: counts,
  done: counts,
  created_at: time,
  updated_at: time,
  completed_at: time.nullable(),
});
const records = { holds: "record", name: "OrganizationDeletion", of: deletionShape } as const;
const DELETED = "Organization deleted successfully";

export const organizationDeletionEndpoints = [
  endpoint({
    method: "DELETE",
    path: "/bridge-payment/organizations/:id",
    summary: "Delete an organization for good: access ends at once, its resources go back to their creators.",
    who: "user",
    limit: "write",
    organization: organizationInPath,
    answers: { status: 200, records, message: DELETED },
    allowed: "The owner, or who has `organization:delete` there; whoever asked for it may ask again.",
    async handle(request) {
      const deletion = (await runningDeletion(request)) ?? (await begin(request));
      return record(show(deletionShape, deletion), 200, DELETED);
    },
  }),
  endpoint({
    method: "GET",
    path: "/bridge-payment/organizations/:id/deletion",
    summary: "See how far a deletion is; once it is completed, its receipt.",
    who: "user",
    limit: "read",
    answers: { status: 200, records },
    allowed: "Whoever asked for the deletion.",
    async handle(request) {
      const deletion = await ownDeletion(request);
      if (deletion === undefined) throw forbidden("forbidden", "You have not requested this deletion.");
      return record(show(deletionShape, deletion));
    },
  }),
];

function ownDeletion(request: EndpointRequest) {
  return findDeletion(request.context.db, keyOf(request), userIn(request));
}

/** Finds the deletion that an earlier request of the caller started. */
async function runningDeletion(request: EndpointRequest) {
  return request.organization === undefined ? ownDeletion(request) : undefined;
}

async function begin(request: EndpointRequest) {
  request.require("organization:delete");
  try {
    return await deleteOrganization(request.context, keyOf(request), request.actor);
  } catch (error) {
    // An earlier deletion by the caller may have completed since the permission check.
    const deletion = await ownDeletion(request);
    if (deletion === undefined) throw error;
    return deletion;
  }
}
