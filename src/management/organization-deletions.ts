import { z } from "zod";
import { byColumn, byWord } from "../json-api/filters.ts";
import { counts, resourceType, time } from "../json-api/resource-type.ts";
import { OrganizationDeletion } from "../models/organization.ts";

export const organizationDeletionType = resourceType<OrganizationDeletion>({
  type: "organization_deletion",
  path: "organization-deletions",
  prefix: "del",
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
    organization_id: z.string(),
    organization_name: z.string(),
    state: z.enum(["detaching", "completed"]),
    planned: counts,
    done: counts,
    created_at: time,
    updated_at: time,
    completed_at: time.nullable(),
  }),
  relationships: { requested_by: { type: "user", id: ({ requested_by_user_id }) => requested_by_user_id } },
  sortable: ["created_at"],
  filters: {
    organization: byColumn("organization_deletions.organization_id"),
    state: byWord("organization_deletions.state", ["detaching", "completed"]),
  },
});
