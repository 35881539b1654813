import { z } from "zod";
import { created_at, described, time, updated_at, withExample } from "../http/attributes.ts";
import { byAddress, byColumn, byWord } from "../json-api/filters.ts";
import { among } from "../json-api/lead.ts";
import { resourceType, type Viewer } from "../json-api/resource-type.ts";
import { DELIVERY_STATES, MailDelivery, TIMELINE_WORDS } from "../models/mail-delivery.ts";
import { isAlive, leadsByOrganization } from "./visible-organizations.ts";

export const deliveryType = resourceType<MailDelivery>({
  type: "delivery",
  path: "deliveries",
  prefix: "dlv",
  description: "One email of an invitation, and what happened to it.",
  seenBy: "Anyone who sees the invitation.",
  visible: (viewer) =>
    among(
      viewer,
      MailDelivery.query(viewer.db)
        .select("mail_deliveries.*")
        .where("mail_deliveries.environment_id", viewer.environment_id)
        .whereRaw(isAlive("mail_deliveries.organization_id")),
      leads(viewer),
    ),
  leads,
  attributes: z.object({
    kind: withExample(z.string(), "invitation"),
    seq: described(
      z.int(),
      "Sequence number among the emails of this kind. For a reminder: its day, plus 1,000 per resend.",
      1,
    ),
    email: withExample(z.string(), "mary@acme.example"),
    state: withExample(z.enum(DELIVERY_STATES), "sent"),
    attempts: described(z.int(), "How often we tried to send it.", 1),
    message_id: described(
      z.string().nullable(),
      "The email's `Message-ID`, the same in every attempt.",
      "<dlv.1@guildhall.example>",
    ),
    smtp_code: described(z.int().nullable(), "The mail server's last reply code.", 250),
    reply: described(
      z.string().nullable(),
      "The mail server's last reply, in its own words.",
      "2.0.0 Ok: queued",
    ),
    due_at: described(time.nullable(), "When we try next; null once it is settled."),
    sent_at: withExample(time.nullable(), "2026-11-20T09:30:01.000Z"),
    timeline: described(
      z.array(
        z.object({
          at: time,
          what: z.enum(TIMELINE_WORDS),
          smtp_code: z.int().optional(),
          reply: z.string().optional(),
        }),
      ),
      "What happened, in the order we learned of it: `attempt`, `sent`, `deferred` and so on from us; `delivered`, `bounced`, `complained` once the mail provider reports them.",
      [
        { at: "2026-11-20T09:30:00.000Z", what: "queued" },
        { at: "2026-11-20T09:30:00.400Z", what: "attempt" },
        { at: "2026-11-20T09:30:01.000Z", what: "sent", smtp_code: 250, reply: "2.0.0 Ok: queued" },
        { at: "2026-11-20T09:31:12.000Z", what: "delivered" },
      ],
    ),
    created_at,
    updated_at,
  }),
  computed: ({ created_at, reply, timeline }) => ({
    reply: withoutReason(reply),
    timeline: [
      { at: created_at, what: "queued" },
      ...timeline.map((entry) => ({
        ...entry,
        at: new Date(entry.at),
        ...(entry.reply === undefined ? {} : { reply: withoutReason(entry.reply) }),
      })),
    ],
  }),
  relationships: { invitation: { type: "invitation", id: ({ invitation_id }) => invitation_id } },
  sortable: ["created_at"],
  filters: {
    invitation: byColumn("mail_deliveries.invitation_id"),
    email: byAddress("mail_deliveries.email_canonical"),
    state: byWord("mail_deliveries.state", DELIVERY_STATES),
  },
});

function leads(viewer: Viewer) {
  return leadsByOrganization(viewer, "members:read", "mail_deliveries.organization_id");
}

/** Removes why an address is suppressed, which earlier versions recorded, and only its owner and the operator may know. */
function withoutReason<Reply extends string | null>(reply: Reply): Reply | string {
  return reply === null ? reply : reply.replace(/(?<=the address is suppressed) \(\w+\)$/, "");
}
