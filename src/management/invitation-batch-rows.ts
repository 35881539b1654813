import { z } from "zod";
import { created_at, described } from "../http/attributes.ts";
import { byColumn, byWord } from "../json-api/filters.ts";
import { among, idsFrom } from "../json-api/lead.ts";
import { type Lead, resourceType, type Viewer } from "../json-api/resource-type.ts";
import { BATCH_ROW_STATUSES, InvitationBatchRow } from "../models/invitation-batch.ts";
import { visibleOrganizations } from "./visible-organizations.ts";

/** Leaves out `input`, which can be large. */
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
  description: "One row of a batch, and its result.",
  seenBy: "Anyone who sees the batch.",
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
    number: described(
      z.int(),
      "Its position in the request, from 1. Rows of a file are counted below the header.",
      1,
    ),
    line: described(
      z.int().nullable(),
      "The line of the file where it begins, from 1; null for a row of a document. It can differ from the number, because a cell may contain line breaks.",
      2,
    ),
    email: described(
      z.string().nullable(),
      "The text that was sent, valid or not; null where there was none.",
      "mary@acme.example",
    ),
    status: described(
      z.enum(BATCH_ROW_STATUSES),
      "`queued`, then `created` or `resent`, or `failed`. A `duplicate` was skipped from the start; a `canceled` row was left when the batch was canceled.",
      "created",
    ),
    code: described(
      z.string().nullable(),
      "Why it failed, for programs: the error code a single invitation would get.",
    ),
    detail: described(z.string().nullable(), "Why it failed, for people."),
    created_at,
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
