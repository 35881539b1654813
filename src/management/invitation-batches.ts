import { z } from "zod";
import { inBody, inPath, member, signedIn } from "../access/allow.ts";
import { created_at, described, LATER, time, updated_at } from "../http/attributes.ts";
import { endpoint } from "../http/endpoint.ts";
import { cancelInvitationBatch } from "../invitation-batches/cancel-invitation-batch.ts";
import { createInvitationBatch } from "../invitation-batches/create-invitation-batch.ts";
import { begins, shows } from "../json-api/answers.ts";
import { newResource } from "../json-api/bodies.ts";
import { presentResource } from "../json-api/document.ts";
import { byColumn, byWord } from "../json-api/filters.ts";
import { among } from "../json-api/lead.ts";
import { resourceType, type Viewer } from "../json-api/resource-type.ts";
import { exampleId } from "../lib/id.ts";
import { BATCH_KINDS, BATCH_STATUSES, InvitationBatch } from "../models/invitation-batch.ts";
import { CSV_COLUMNS, csvColumnParameters } from "./csv-columns.ts";
import { keyOf } from "./key-of.ts";
import { readBatchCsv } from "./read-batch-csv.ts";
import { newInvitationBatch } from "./read-batch-row.ts";
import { isAlive, leadsByOrganization } from "./visible-organizations.ts";

export const invitationBatchType = resourceType<InvitationBatch>({
  type: "invitation_batch",
  path: "invitation-batches",
  prefix: "batch",
  description:
    "Many invitations requested at once, as a document or a CSV file, or resent by `POST /api/invitations/resend`. Rows are processed in the background, with the permissions their creator has at that time. Read the batch to follow its progress, and its rows for the result of each. It is removed, with its rows, 90 days after it was completed or canceled.",
  seenBy: "A signed-in user sees those of organizations where they have `members:read`.",
  scope: "invitations:read",
  /** Visible to anyone who sees the organization's invitations, because a batch reveals nothing more. */
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
    kind: described(
      z.enum(BATCH_KINDS),
      "`invite` creates invitations. `resend` sends existing ones again, and may span organizations if a program asked for it.",
      "invite",
    ),
    dry_run: described(
      z.boolean(),
      "If true, every row is checked as if it were processed, but nothing is done. Rows that would succeed are `created`, without an invitation, or `resent`.",
      false,
    ),
    status: described(
      z.enum(BATCH_STATUSES),
      "`queued`, then `running`, then `completed`; or `canceled`. Batches of one organization run one after another.",
      "running",
    ),
    total_count: described(
      z.int(),
      "How many rows were sent: the sum of created, resent, failed, duplicate and remaining rows.",
      250,
    ),
    created_count: described(z.int(), "How many were invited; in a dry run, how many would be.", 99),
    resent_count: described(z.int(), "How many were resent; in a dry run, how many would be.", 0),
    failed_count: described(z.int(), "How many failed. Their rows say why.", 1),
    duplicate_count: described(z.int(), "How many repeat the address of an earlier row.", 2),
    created_at,
    updated_at,
    started_at: described(time.nullable(), "When the first rows were processed.", "2026-11-20T09:30:01.000Z"),
    completed_at: described(time.nullable(), "When the last row was processed."),
    canceled_at: described(time.nullable(), "When it was canceled, or its organization deleted."),
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

/** Enough for 10,000 rows with a few lines of message each. */
const BODY_LIMIT = 4 * 1024 * 1024;

/** The types under which browsers, spreadsheets and servers send a CSV file. On Windows the installed programs decide. */
const CSV_TYPES = [
  "application/csv",
  "application/x-csv",
  "application/vnd.ms-excel",
  "text/comma-separated-values",
  "text/x-comma-separated-values",
  "text/x-csv",
  "text/tab-separated-values",
  "text/plain",
];

const csvParameters = z.strictObject({
  organization: described(
    z.string({ error: "name the organization to invite to" }).max(64),
    "The id of the organization to invite to. Required with `text/csv`, and allowed only there.",
    exampleId("org"),
  ),
  dry_run: described(
    z.stringbool({ truthy: ["true"], falsy: ["false"], error: "must be true or false" }).default(false),
    "Only with `text/csv`: like the attribute of this name in a document.",
  ),
  ...csvColumnParameters,
});

export const invitationBatchEndpoints = [
  endpoint({
    method: "POST",
    path: "/api/invitation-batches",
    operationId: "createInvitationBatch",
    summary:
      "Invite up to 10,000 addresses at once. Rows are processed one by one in the background. An organization has as many unfinished batches as the environment's quota `unfinished_batches` says, counting everyone's; a user who has none there may send one more.",
    allow: member("members:manage", { of: inBody("organization"), scope: "invitations:write" }),
    limit: "invite",
    bodyLimit: BODY_LIMIT,
    body: newResource(newInvitationBatch),
    text: {
      mediaType: "text/csv",
      alsoTaken: CSV_TYPES,
      otherwise:
        "Send a CSV file unchanged, as text/csv: curl -H 'Content-Type: text/csv' --data-binary @people.csv. Save a workbook as CSV first.",
      description: `A table whose first row names its columns: ${CSV_COLUMNS.join(", ")}. Only \`email\` is required. Common names of other programs are known too: \`E-mail Address\`, \`Primary Email\`, \`mail\`, \`User principal name\`, \`First Name\`, \`givenName\`, \`Last Name\`, \`Surname\`, \`Display name\`. Name another column with \`columns[email]=Work address\`, and skip the rest with \`other_columns=ignore\`. \`roles\` takes names or ids; separate several with \`;\`, and put a name that contains a separator in quotes. Cells may be separated by commas, semicolons, tabs or bars, with any line ends, in UTF-8, UTF-16 or the \`charset\` of the Content-Type.`,
      example:
        "email,first_name,last_name,roles\nmary@acme.example,Mary,Somerville,billing;member\nada@acme.example,Ada,Lovelace,\n",
      query: csvParameters,
      async read(text, { organization, dry_run, ...columns }: z.infer<typeof csvParameters>) {
        const rows = () => readBatchCsv(text, columns);
        return { attributes: { rows, dry_run }, relationships: { organization } };
      },
    },
    answers: {
      ...begins(invitationBatchType),
      example: {
        status: "queued",
        total_count: 1,
        created_count: 0,
        failed_count: 0,
        duplicate_count: 0,
        started_at: null,
      },
    },
    async handle({ context, environment, caller, actor, body: { attributes, relationships } }) {
      const { environment_id } = environment;
      const organization_id = relationships.organization;
      const client_id = caller.kind === "client" ? caller.client_id : null;
      const batch = {
        environment_id,
        organization_id,
        client_id,
        ...attributes,
        rows: await attributes.rows(),
      };
      const data = presentResource(invitationBatchType, await createInvitationBatch(context, batch, actor));
      return { status: 202, document: { data }, headers: { Location: data.links.self } };
    },
  }),
  endpoint({
    method: "POST",
    path: "/api/invitation-batches/:id/cancel",
    operationId: "cancelInvitationBatch",
    summary: "Stop a batch. Its remaining rows are canceled; people already invited stay invited.",
    allow: signedIn({
      of: inPath("invitationBatch"),
      scope: "invitations:write",
      people: "A member with `members:manage` in the batch's organization.",
    }),
    limit: "write",
    answers: {
      ...shows(invitationBatchType),
      example: { status: "canceled", canceled_at: LATER, updated_at: LATER },
    },
    async handle(request) {
      // A program's batch may belong to no organization.
      if (request.caller.kind === "user") request.requirePermission("members:manage");
      const batch = await cancelInvitationBatch(request.context, keyOf(request), request.actor);
      return { status: 200, document: { data: presentResource(invitationBatchType, batch) } };
    },
  }),
];
