import { forbidden } from "../errors.ts";
import { type EndpointRequest, endpoint, type Params } from "../http/endpoint.ts";
import { deleteOrganization } from "../organizations/delete-organization.ts";
import { findDeletion } from "../organizations/find-deletion.ts";
import { record } from "./envelope.ts";
import { userIn } from "./owner-in.ts";
import { deletionShape } from "./shapes/organization-shapes.ts";
import { show } from "./shapes/values.ts";

const inPath = ({ params }: { params: Params }) => ({ organization: params.id });
const records = { holds: "record", name: "OrganizationDeletion", of: deletionShape } as const;
const DELETED = "Organization deleted successfully";

export const organizationDeletionEndpoints = [
  endpoint({
    method: "DELETE",
    path: "/bridge-payment/organizations/:id",
    summary: "Delete an organization for good: access ends at once, its resources go back to their creators.",
    who: "user",
    limit: "write",
    organization: inPath,
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
      if (deletion === undefined) throw forbidden("forbidden", "No deletion of yours.");
      return record(show(deletionShape, deletion));
    },
  }),
];

function ownDeletion(request: EndpointRequest) {
  return findDeletion(request.context.db, keyOf(request), userIn(request));
}

/** Two deletes are one deletion. */
async function runningDeletion(request: EndpointRequest) {
  return request.organization === undefined ? ownDeletion(request) : undefined;
}

async function begin(request: EndpointRequest) {
  request.require("organization:delete");
  try {
    return await deleteOrganization(request.context, keyOf(request), request.actor);
  } catch (error) {
    // The caller's other one may have come to its end since this one was let in.
    const deletion = await ownDeletion(request);
    if (deletion === undefined) throw error;
    return deletion;
  }
}

function keyOf({ params, environment }: Pick<EndpointRequest, "params" | "environment">) {
  return { id: params.id ?? "", environment_id: environment.environment_id };
}
