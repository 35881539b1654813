import { z } from "zod";
import { BATCH_KINDS, BATCH_STATUSES, InvitationBatch } from "../../models/invitation-batch.ts";
import { time } from "../reading/attribute-types.ts";
import { byColumn, byWord } from "../reading/filters.ts";
import { among } from "../reading/lead.ts";
import { resourceType, type Viewer } from "../reading/resource-type.ts";
import { isAlive, leadsByOrganization } from "./visible-organizations.ts";

export const invitationBatchType = resourceType<InvitationBatch>({
  type: "invitation_batch",
  path: "invitation-batches",
  prefix: "batch",
  scope: "invitations:read",
  /** To whom invitations are visible: what is in a batch is no more. */
  visible: (viewer) =>
    among(
      viewer,
      InvitationBatch.query(viewer.db)
        .select("invitation_batches.*")
        .where("invitation_batches.environment_id", viewer.environment_id)
        .whereRaw(isAlive("invitation_batches.organization_id")),
      leads(viewer),
    ),
  leads,
  attributes: z.object({
    kind: z.enum(BATCH_KINDS),
    dry_run: z.boolean(),
    status: z.enum(BATCH_STATUSES),
    total_count: z.int(),
    created_count: z.int(),
    resent_count: z.int(),
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

function leads(viewer: Viewer) {
  return leadsByOrganization(viewer, "members:read", "invitation_batches.organization_id");
}
