import { z } from "zod";
import { byColumn, byWord } from "../json-api/filters.ts";
import { among, idsFrom, type Lead } from "../json-api/lead.ts";
import { resourceType, time, type Viewer } from "../json-api/resource-type.ts";
import { BATCH_ROW_STATUSES, InvitationBatchRow } from "../models/invitation-batch.ts";
import { visibleOrganizations } from "./visible-organizations.ts";

/** Without what is still to be invited with, which is no small matter. */
const COLUMNS = [
  "id",
  "batch_id",
  "number",
  "line",
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
    among(
      viewer,
      InvitationBatchRow.query(viewer.db)
        .select(COLUMNS.map((column) => `invitation_batch_rows.${column}`))
        .where("invitation_batch_rows.environment_id", viewer.environment_id)
        .whereRaw(
          `(select o.deleting_at from invitation_batches b join organizations o on o.id = b.organization_id
            where b.id = invitation_batch_rows.batch_id) is null`,
        ),
      leads(viewer),
    ),
  leads,
  attributes: z.object({
    number: z.int(),
    line: z.int().nullable(),
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

function leads(viewer: Viewer): Lead[] | undefined {
  const organizations = visibleOrganizations(viewer, "members:read");
  if (organizations === undefined) return undefined;
  const from = viewer
    .db("invitation_batches as batch")
    .whereRaw("batch.organization_id = any(array(?))", [idsFrom(organizations)]);
  return [{ column: "invitation_batch_rows.batch_id", from, key: "batch.id" }];
}
