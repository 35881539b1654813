import { z } from "zod";
import { BATCH_ROW_STATUSES, InvitationBatchRow } from "../../models/invitation-batch-row.ts";
import { time } from "../reading/attribute-types.ts";
import { byColumn, byWord } from "../reading/filters.ts";
import { resourceType } from "../reading/resource-type.ts";
import { visibleBatches } from "./invitation-batch-type.ts";

/** Without what is still to be invited with, which is no small matter. */
const COLUMNS = [
  "id",
  "batch_id",
  "number",
  "email",
  "status",
  "code",
  "detail",
  "invitation_id",
  "created_at",
];

export const invitationBatchRowType = resourceType<InvitationBatchRow>({
  type: "invitation_batch_row",
  path: "invitation-batch-rows",
  prefix: "batchrow",
  scope: "invitations:read",
  visible: (viewer) =>
    InvitationBatchRow.query(viewer.db)
      .select(COLUMNS.map((column) => `invitation_batch_rows.${column}`))
      .whereIn("invitation_batch_rows.batch_id", visibleBatches(viewer).select("invitation_batches.id")),
  attributes: z.object({
    number: z.int(),
    email: z.string().nullable(),
    status: z.enum(BATCH_ROW_STATUSES),
    code: z.string().nullable(),
    detail: z.string().nullable(),
    created_at: time,
  }),
  relationships: {
    batch: { type: "invitation_batch", id: ({ batch_id }) => batch_id },
    invitation: { type: "invitation", id: ({ invitation_id }) => invitation_id },
  },
  sortable: ["created_at"],
  filters: {
    batch: byColumn("invitation_batch_rows.batch_id"),
    status: byWord("invitation_batch_rows.status", BATCH_ROW_STATUSES),
  },
});
