import { z } from "zod";
import { byAddress, byColumn, byCreation, byWord } from "../json-api/filters.ts";
import { among } from "../json-api/lead.ts";
import { resourceType, time, type Viewer } from "../json-api/resource-type.ts";
import { DELIVERY_STATES, MailDelivery, TIMELINE_WORDS } from "../models/mail-delivery.ts";
import { isAlive, leadsByOrganization } from "./visible-organizations.ts";

export const deliveryType = resourceType<MailDelivery>({
  type: "delivery",
  path: "deliveries",
  prefix: "dlv",
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
    kind: z.string(),
    seq: z.int(),
    email: z.string(),
    state: z.enum(DELIVERY_STATES),
    attempts: z.int(),
    message_id: z.string().nullable(),
    smtp_code: z.int().nullable(),
    reply: z.string().nullable(),
    due_at: time.nullable(),
    sent_at: time.nullable(),
    timeline: z.array(
      z.object({
        at: time,
        what: z.enum(TIMELINE_WORDS),
        smtp_code: z.int().optional(),
        reply: z.string().optional(),
      }),
    ),
    created_at: time,
    updated_at: time,
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
    ...byCreation("mail_deliveries"),
  },
});

function leads(viewer: Viewer) {
  return leadsByOrganization(viewer, "members:read", "mail_deliveries.organization_id");
}

/** Rows of former versions say why an address is suppressed, which is its owner's and the operator's to know. */
function withoutReason<Reply extends string | null>(reply: Reply): Reply | string {
  return reply === null ? reply : reply.replace(/(?<=the address is suppressed) \(\w+\)$/, "");
}
