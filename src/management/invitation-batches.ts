import { z } from "zod";
import { endpoint, type Params } from "../http/endpoint.ts";
import { cancelInvitationBatch } from "../invitation-batches/cancel-invitation-batch.ts";
import { createInvitationBatch } from "../invitation-batches/create-invitation-batch.ts";
import { begins, shows } from "./answers.ts";
import { newResource } from "./bodies.ts";
import { newInvitationBatch } from "./invitation-batch-shape.ts";
import { keyOf } from "./key-of.ts";
import { CSV_COLUMNS, readBatchCsv } from "./read-batch-csv.ts";
import { presentResource } from "./reading/present-resource.ts";
import { readEndpoints } from "./reading/read-endpoints.ts";
import { invitationBatchRowType } from "./types/invitation-batch-row-type.ts";
import { invitationBatchType } from "./types/invitation-batch-type.ts";

/** 10,000 rows with a few lines of message each. */
const BODY_LIMIT = 4 * 1024 * 1024;

const csvParameters = z.strictObject({
  organization: z.string({ error: "name the organization to invite to" }).max(64),
  dry_run: z
    .stringbool({ truthy: ["true"], falsy: ["false"], error: "must be true or false" })
    .default(false),
});

export const invitationBatchEndpoints = [
  ...readEndpoints(invitationBatchType),
  ...readEndpoints(invitationBatchRowType),
  endpoint({
    method: "POST",
    path: "/api/invitation-batches",
    summary:
      "Invite up to 10,000 addresses at once. Rows are judged one by one in the background. An organization has as many unfinished batches as the environment's quota `unfinished_batches` says, counting everyone's; a user who has none there may send one more.",
    who: "caller",
    scope: "invitations:write",
    limit: "invite",
    bodyLimit: BODY_LIMIT,
    body: newResource(newInvitationBatch),
    text: {
      mediaType: "text/csv",
      description: `A table whose first row names its columns: ${CSV_COLUMNS.join(", ")}. Of these \`email\` alone is needed. \`roles\` takes names or ids, with \`|\` between several.`,
      example: "email,roles\nmary@acme.example,billing|member\nada@acme.example,\n",
      query: csvParameters,
      async read(text, { organization, dry_run }) {
        return { attributes: { rows: () => readBatchCsv(text), dry_run }, relationships: { organization } };
      },
    },
    organization: ({ body }) => ({ organization: body.relationships.organization }),
    permission: "members:manage",
    answers: begins(invitationBatchType),
    async handle({ context, environment, caller, actor, body: { attributes, relationships } }) {
      const { environment_id } = environment;
      const organization_id = relationships.organization ?? "";
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
    summary: "Stop a batch. Rows that are left are canceled; who was invited stays invited.",
    who: "caller",
    scope: "invitations:write",
    limit: "write",
    organization: ({ params }: { params: Params }) => ({ invitationBatch: params.id }),
    answers: shows(invitationBatchType),
    allowed: "A member with `members:manage` in the batch's organization.",
    async handle(request) {
      // A program's batch may be of no organization.
      if (request.caller.kind === "user") request.require("members:manage");
      const batch = await cancelInvitationBatch(request.context, keyOf(request), request.actor);
      return { status: 200, document: { data: presentResource(invitationBatchType, batch) } };
    },
  }),
];
