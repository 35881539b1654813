import { z } from "zod";
import { signedIn } from "../access/allow.ts";
import { badRequest, Refusal } from "../errors.ts";
import { described } from "../http/attributes.ts";
import { endpoint } from "../http/endpoint.ts";
import { createResendBatch } from "../invitation-batches/create-invitation-batch.ts";
import { begins } from "../json-api/answers.ts";
import { meta } from "../json-api/bodies.ts";
import { presentResource } from "../json-api/document.ts";
import { matchingRows } from "../json-api/matching-rows.ts";
import { filterParameters } from "../json-api/read-parameters.ts";
import { viewerOf } from "../json-api/viewer.ts";
import type { Invitation } from "../models/invitation.ts";
import { invitationBatchType } from "./invitation-batches.ts";
import { invitationType } from "./invitations.ts";
import { ROWS_AT_MOST } from "./read-batch-row.ts";

const ORGANIZATION = "filter[organization]";
const STATUS = "filter[status]";

const parameters = z.strictObject({
  ...filterParameters(invitationType),
  [STATUS]: z
    .enum(["pending", "expired"], {
      error: "must be pending or expired; others can't be resent",
    })
    .optional()
    .describe("Only those with this status; `pending` if left out."),
}) as z.ZodType<Record<string, unknown>>;

const Resending = z.strictObject({
  dry_run: described(
    z.boolean({ error: "must be true or false" }).default(false),
    "If true, nothing is sent: the rows of the batch say what would happen.",
    true,
  ),
});

function inFilter({ query }: { query: Record<string, unknown> }) {
  return { organization: query[ORGANIZATION] as string | undefined };
}

export const invitationResendEndpoints = [
  endpoint({
    method: "POST",
    path: "/api/invitations/resend",
    operationId: "resendInvitations",
    summary: `Resend every pending invitation that matches the filters, or every expired one with \`filter[status]=expired\`, up to ${ROWS_AT_MOST.toLocaleString("en")}. A batch of the kind \`resend\` resends them one by one in the background. A dry run sends nothing: its rows say which would be refused, and why.`,
    allow: signedIn({
      of: inFilter,
      scope: "invitations:write",
      people:
        "A member with `members:manage` in the organization that `filter[organization]` names; a program also without that filter.",
    }),
    limit: "invite",
    query: parameters,
    body: meta(Resending),
    answers: begins(invitationBatchType),
    async handle(request) {
      const { context, environment, caller, actor, body } = request;
      const query: Record<string, unknown> = { [STATUS]: "pending", ...request.query };
      const organization_id = (query[ORGANIZATION] as string | undefined) ?? null;
      if (organization_id !== null) request.requirePermission("members:manage");
      else if (caller.kind === "user" || Object.keys(request.query).length === 0) {
        const detail =
          caller.kind === "user"
            ? "Name your organization with `filter[organization]`."
            : "Say which invitations to resend with at least one filter, such as `filter[status]=pending`.";
        throw badRequest("filter_needed", detail);
      }
      const matching = matchingRows(invitationType, viewerOf(request), query);
      const rows = await matching
        .clearSelect()
        .select("invitations.id", "invitations.email")
        .limit(ROWS_AT_MOST + 1)
        .execute();
      if (rows.length > ROWS_AT_MOST) {
        const detail = `More than ${ROWS_AT_MOST.toLocaleString("en")} invitations match. Narrow the filters, for example by \`filter[created_since]\` and \`filter[created_until]\`.`;
        throw new Refusal(422, [{ code: "too_many_invitations", detail }]);
      }
      const batch = {
        environment_id: environment.environment_id,
        organization_id,
        client_id: caller.kind === "client" ? caller.client_id : null,
        dry_run: body.dry_run,
        invitations: rows as Invitation[],
      };
      const data = presentResource(invitationBatchType, await createResendBatch(context, batch, actor));
      return { status: 202, document: { data }, headers: { Location: data.links.self } };
    },
  }),
];
