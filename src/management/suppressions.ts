import { z } from "zod";
import { program } from "../access/allow.ts";
import { Refusal } from "../errors.ts";
import { created_at, described, emailAddress, text } from "../http/attributes.ts";
import { endpoint } from "../http/endpoint.ts";
import { returnsMeta } from "../json-api/answers.ts";
import { meta } from "../json-api/bodies.ts";
import { byAddress, byCreation, byWord } from "../json-api/filters.ts";
import { matchingRows } from "../json-api/matching-rows.ts";
import { filterParameters } from "../json-api/read-parameters.ts";
import { resourceType } from "../json-api/resource-type.ts";
import { viewerOf } from "../json-api/viewer.ts";
import { exampleId } from "../lib/id.ts";
import { SUPPRESSION_REASONS, Suppression, type SuppressionReason } from "../models/suppression.ts";
import { createSuppression } from "../suppressions/create-suppression.ts";
import { deleteSuppression, deleteSuppressions } from "../suppressions/delete-suppressions.ts";
import { keyOf } from "./key-of.ts";
import { creates, deletes } from "./resource-endpoints.ts";

export const suppressionType = resourceType<Suppression>({
  type: "suppression",
  path: "suppressions",
  prefix: "sup",
  description:
    "An address that gets no email from the environment. It can still be invited and accept by the link; only the emails are not sent. Deleting a suppression allows emails again, and `POST /api/suppressions/lift` deletes many.",
  seenBy: "The operator and access tokens only.",
  readBy: "program",
  /** Hidden from users, because organizations need not know what the owner of an address wants. */
  visible: ({ db, environment_id }) =>
    Suppression.query(db).select("suppressions.*").where("suppressions.environment_id", environment_id),
  attributes: z.object({
    email: described(z.string(), "The address, in lower case.", "mary@acme.example"),
    reason: described(
      z.enum(SUPPRESSION_REASONS),
      "The address `bounced` permanently, its owner `complained` about an email, or `opted_out` of invitations. Someone who opted out still gets notices about invitations they sent.",
      "opted_out",
    ),
    detail: described(z.string().nullable(), "What the mail server or the provider said, or your own note."),
    created_at,
  }),
  computed: ({ email_canonical }) => ({ email: email_canonical }),
  relationships: {},
  sortable: ["created_at", "email_canonical"],
  filters: {
    email: byAddress("suppressions.email_canonical"),
    reason: byWord("suppressions.reason", SUPPRESSION_REASONS),
    ...byCreation("suppressions"),
  },
});

/** Suppressions lifted by one transaction, and by one request. */
const AT_ONCE = 1_000;
const AT_MOST = 10_000;
const SAMPLE = 10;

const REASON = `name the reason: ${SUPPRESSION_REASONS.join(", ")}`;
const flag = z.boolean({ error: "must be true or false" }).default(false);
const Lifting = z
  .strictObject({
    dry_run: described(flag, "If true, nothing is lifted; the response counts what would be."),
    against_their_wish: described(
      flag,
      "If true, also lifts suppressions whose owners complained or opted out. Required for the reasons `complained` and `opted_out`.",
    ),
  })
  .meta({ examples: [{ dry_run: true }] });
const Lifted = z.object({
  lifted_count: described(z.int().min(0), "How many were lifted.", 0),
  remaining_count: described(
    z.int().min(0),
    "How many still match; in a dry run, all that would be lifted.",
    1,
  ),
  sample: described(
    z.array(z.object({ id: z.string(), email: z.string(), created_at: z.iso.datetime() })),
    "The oldest ten that still match.",
    [{ id: exampleId("sup"), email: "mary@acme.example", created_at: "2026-11-20T09:30:00.000Z" }],
  ),
});

export const suppressionEndpoints = [
  creates(suppressionType, {
    summary: "Suppress an address, so that no more email is sent to it.",
    allow: program("suppressions:write"),
    attributes: z.strictObject({
      email: emailAddress,
      reason: z.enum(SUPPRESSION_REASONS),
      detail: text(500).nullish(),
    }),
    async create(request) {
      const { email: address, reason, detail = null } = request.body.attributes;
      const { environment_id } = request.environment;
      return createSuppression(request.context, { environment_id, address, reason, detail }, request.actor);
    },
  }),
  endpoint({
    method: "POST",
    path: "/api/suppressions/lift",
    operationId: "liftSuppressions",
    summary: `Lift every suppression that matches, up to ${AT_MOST.toLocaleString("en")} at once. Repeat the request while some remain.`,
    allow: program("suppressions:delete"),
    limit: "write",
    query: z.strictObject({
      ...filterParameters(suppressionType),
      "filter[reason]": z
        .enum(SUPPRESSION_REASONS, { error: REASON })
        .describe("Only those with this reason."),
    }),
    body: meta(Lifting),
    answers: returnsMeta(Lifted),
    async handle(request) {
      const { context, environment, actor, query, body } = request;
      if (!body.dry_run && !body.against_their_wish) refuseWishes(query["filter[reason]"]);
      const matching = () => matchingRows(suppressionType, viewerOf(request), query);
      let lifted_count = 0;
      while (!body.dry_run && lifted_count < AT_MOST) {
        const ids = (await matching().limit(AT_ONCE).execute()).map(({ id }) => id);
        if (ids.length === 0) break;
        const key = { ids, environment_id: environment.environment_id };
        lifted_count += await deleteSuppressions(context, key, actor);
      }
      const remaining_count = await matching().resultSize();
      const rows = (await matching().limit(SAMPLE).execute()) as Suppression[];
      const sample = rows.map(({ id, email_canonical: email, created_at }) => ({ id, email, created_at }));
      return { status: 200, document: { meta: { lifted_count, remaining_count, sample } } };
    },
  }),
  deletes(suppressionType, {
    summary: "Lift a suppression, so that email is sent to the address again.",
    allow: program("suppressions:delete"),
    remove: (request) => deleteSuppression(request.context, keyOf(request), request.actor),
  }),
];

/** Refuses to ignore the owners' wishes. A bounce isn't one. @throws 422. */
function refuseWishes(reason: SuppressionReason): void {
  if (reason === "bounced") return;
  const detail =
    'The owners of these addresses asked for no more email. To lift their suppressions anyway, send {"meta": {"against_their_wish": true}}.';
  throw new Refusal(422, [{ code: "against_their_wish", detail }]);
}
