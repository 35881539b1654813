import { z } from "zod";
import { described } from "../http/attributes.ts";
import { byColumn, byWord } from "../json-api/filters.ts";
import { counts, createdAt, resourceType, time, updatedAt } from "../json-api/resource-type.ts";
import { exampleId } from "../lib/id.ts";
import { OrganizationDeletion } from "../models/organization.ts";

export const organizationDeletionType = resourceType<OrganizationDeletion>({
  type: "organization_deletion",
  path: "organization-deletions",
  prefix: "del",
  description:
    "The deletion of an organization. Access ends at once; its resources are detached in the background, and counted here.",
  seenBy: "A signed-in user sees those they requested.",
  /** Those they asked for; an operator all. */
  visible({ db, environment_id, caller }) {
    const deletions = OrganizationDeletion.query(db)
      .select("organization_deletions.*")
      .where("organization_deletions.environment_id", environment_id);
    if (caller.kind !== "user") return deletions;
    return deletions.where("organization_deletions.requested_by_user_id", caller.user_id);
  },
  /** `organization_id` is an attribute: what it names is no resource any more. */
  attributes: z.object({
    organization_id: described(z.string(), "The organization being deleted.", exampleId("org")),
    organization_name: described(z.string(), "The name it had.", "Acme Corp"),
    state: z.enum(["detaching", "completed"]).meta({ examples: ["detaching"] }),
    planned: described(counts, "Rows per table, counted at the start.", {
      subscriptions: 2,
      invitations: 1,
      memberships: 4,
      roles: 1,
    }),
    done: described(counts, "Rows per table, processed so far.", { subscriptions: 2 }),
    created_at: createdAt,
    updated_at: updatedAt,
    completed_at: time.nullable(),
  }),
  relationships: { requested_by: { type: "user", id: ({ requested_by_user_id }) => requested_by_user_id } },
  sortable: ["created_at"],
  filters: {
    organization: byColumn("organization_deletions.organization_id"),
    state: byWord("organization_deletions.state", ["detaching", "completed"]),
  },
});
