import { z } from "zod";
import { inPath, signedIn } from "../access/allow.ts";
import { forbidden } from "../errors.ts";
import { endpoint, type OneRequest } from "../http/endpoint.ts";
import { deleteOrganization } from "../organizations/delete-organization.ts";
import { findDeletion } from "../organizations/find-deletion.ts";
import { record, show, time } from "./envelope.ts";
import { counts } from "./organizations.ts";
import { keyOf, userIn } from "./owner-in.ts";

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
    allow: signedIn({
      of: inPath("organization"),
      people: "The owner, or who has `organization:delete` there; whoever asked for it may ask again.",
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
    summary: "See how far a deletion is; once it is completed, its receipt.",
    allow: signedIn({ people: "Whoever asked for the deletion." }),
    limit: "read",
    answers: { status: 200, records },
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
    // An earlier deletion by the caller may have completed since the permission check.
    const deletion = await ownDeletion(request);
    if (deletion === undefined) throw error;
    return deletion;
  }
}
