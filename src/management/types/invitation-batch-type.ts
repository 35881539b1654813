import { z } from "zod";
import { BATCH_STATUSES, InvitationBatch } from "../../models/invitation-batch.ts";
import { time } from "../reading/attribute-types.ts";
import { byColumn, byWord } from "../reading/filters.ts";
import { resourceType, type Viewer } from "../reading/resource-type.ts";
import { visibleOrganizations } from "./visible-organizations.ts";

export const invitationBatchType = resourceType<InvitationBatch>({
  type: "invitation_batch",
  path: "invitation-batches",
  prefix: "batch",
  scope: "invitations:read",
  visible: (viewer) => visibleBatches(viewer).select("invitation_batches.*"),
  attributes: z.object({
    dry_run: z.boolean(),
    status: z.enum(BATCH_STATUSES),
    total_count: z.int(),
    created_count: z.int(),
    failed_count: z.int(),
    duplicate_count: z.int(),
    created_at: time,
    updated_at: time,
    started_at: time.nullable(),
    completed_at: time.nullable(),
    canceled_at: time.nullable(),
  }),
  relationships: {
    organization: { type: "organization", id: ({ organization_id }) => organization_id },
    created_by: { type: "user", id: ({ actor_user_id }) => actor_user_id },
    rows: { type: "invitation_batch_row", column: "batch_id" },
  },
  sortable: ["created_at"],
  filters: {
    organization: byColumn("invitation_batches.organization_id"),
    status: byWord("invitation_batches.status", BATCH_STATUSES),
  },
});

/** To whom invitations are visible: what is in a batch is no more. */
export function visibleBatches(viewer: Viewer) {
  return InvitationBatch.query(viewer.db).whereIn(
    "invitation_batches.organization_id",
    visibleOrganizations(viewer, "members:read"),
  );
}
