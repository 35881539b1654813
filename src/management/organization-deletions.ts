import { z } from "zod";
import { inPath, member, signedIn } from "../access/allow.ts";
import { created_at, described, time, updated_at, withExample } from "../http/attributes.ts";
import { endpoint, type OneRequest } from "../http/endpoint.ts";
import { begins, returnsMeta } from "../json-api/answers.ts";
import { presentResource } from "../json-api/document.ts";
import { byColumn, byWord } from "../json-api/filters.ts";
import { counts, resourceType } from "../json-api/resource-type.ts";
import { exampleId } from "../lib/id.ts";
import { OrganizationDeletion } from "../models/organization.ts";
import { countOrganizationRows } from "../organizations/count-organization-rows.ts";
import { deleteOrganization, findDeletion } from "../organizations/delete-organization.ts";
import { keyOf } from "./key-of.ts";

export const organizationDeletionType = resourceType<OrganizationDeletion>({
  type: "organization_deletion",
  path: "organization-deletions",
  prefix: "del",
  description:
    "The deletion of an organization. Access ends at once; its resources are detached in the background, and counted here.",
  seenBy: "A signed-in user sees those they requested.",
  visible({ db, environment_id, caller }) {
    const deletions = OrganizationDeletion.query(db)
      .select("organization_deletions.*")
      .where("organization_deletions.environment_id", environment_id);
    if (caller.kind !== "user") return deletions;
    return deletions.where("organization_deletions.requested_by_user_id", caller.user_id);
  },
  /** `organization_id` is an attribute, because the organization is no longer a resource. */
  attributes: z.object({
    organization_id: described(z.string(), "The organization being deleted.", exampleId("org")),
    organization_name: described(z.string(), "The name it had.", "Acme Corp"),
    state: withExample(z.enum(["detaching", "completed"]), "detaching"),
    planned: described(counts, "Rows per table, counted at the start.", {
      subscriptions: 2,
      invitations: 1,
      memberships: 4,
      roles: 1,
    }),
    done: described(counts, "Rows per table, processed so far.", { subscriptions: 2 }),
    created_at,
    updated_at,
    completed_at: time.nullable(),
  }),
  relationships: { requested_by: { type: "user", id: ({ requested_by_user_id }) => requested_by_user_id } },
  sortable: ["created_at"],
  filters: {
    organization: byColumn("organization_deletions.organization_id"),
    state: byWord("organization_deletions.state", ["detaching", "completed"]),
  },
});

const Preview = z.object({
  planned: described(counts, "Rows per table.", {
    subscriptions: 2,
    invitations: 1,
    memberships: 4,
    roles: 1,
  }),
});

export const organizationDeletionEndpoints = [
  endpoint({
    method: "DELETE",
    path: "/api/organizations/:id",
    operationId: "deleteOrganization",
    summary: "Delete an organization: access ends at once, its resources are detached in the background.",
    allow: signedIn({
      of: inPath("organization"),
      scope: "organizations:delete",
      people:
        "A member with `organization:delete` in the organization. While it runs, the user who requested it may repeat the request.",
    }),
    limit: "write",
    answers: { ...begins(organizationDeletionType), example: { done: {} } },
    async handle(request) {
      const deletion = (await runningDeletion(request)) ?? (await begin(request));
      const data = presentResource(organizationDeletionType, deletion);
      return { status: 202, document: { data }, headers: { Location: data.links.self } };
    },
  }),
  endpoint({
    method: "POST",
    path: "/api/organizations/:id/deletion-preview",
    operationId: "deletionPreviewOfOrganization",
    summary: "Count what a deletion would detach and remove. Changes nothing.",
    allow: member("organization:delete", { of: inPath("organization"), scope: "organizations:read" }),
    limit: "read",
    answers: returnsMeta(Preview),
    async handle({ context, params }) {
      const planned = await countOrganizationRows(context.db, params.id);
      return { status: 200, document: { meta: { planned } } };
    },
  }),
];

/** Finds the running deletion, so that programs and the user who requested it get the same answer if they repeat the request. */
async function runningDeletion(request: OneRequest) {
  const { context, caller, organization } = request;
  if (organization !== undefined) return undefined;
  const requestedBy = caller.kind === "user" ? caller.user_id : null;
  const deletion = await findDeletion(context.db, keyOf(request), requestedBy);
  return deletion?.state === "detaching" ? deletion : undefined;
}

function begin(request: OneRequest) {
  request.requirePermission("organization:delete");
  return deleteOrganization(request.context, keyOf(request), request.actor);
}
