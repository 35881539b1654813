import { z } from "zod";
import { byColumn } from "../json-api/filters.ts";
import { among } from "../json-api/lead.ts";
import { resourceType, time, type Viewer } from "../json-api/resource-type.ts";
import { Event } from "../models/event.ts";
import { leadsByOrganization } from "./visible-organizations.ts";

export const eventType = resourceType<Event>({
  type: "event",
  path: "events",
  prefix: "evt",
  /** Of organizations whose events the viewer may see; an operator all, those of deleted organizations too. */
  visible: (viewer) =>
    among(
      viewer,
      Event.query(viewer.db).select("events.*").where("events.environment_id", viewer.environment_id),
      leads(viewer),
    ),
  leads,
  /** `event_type`, for no attribute may be called `type` (JSON:API 1.1 §7.2.1). */
  attributes: z.object({
    event_type: z.string(),
    actor_kind: z.enum(["operator", "client", "user", "invitee", "system"]),
    data: z.looseObject({}),
    subject_id: z.string(),
    organization_id: z.string().nullable(),
    request_id: z.string().nullable(),
    created_at: time,
  }),
  computed: ({ type }) => ({ event_type: type }),
  relationships: { actor: { type: "user", id: ({ actor_user_id }) => actor_user_id } },
  sortable: ["created_at"],
  filters: {
    organization: byColumn("events.organization_id"),
    type: byColumn("events.type"),
    subject: byColumn("events.subject_id"),
  },
});

function leads(viewer: Viewer) {
  return leadsByOrganization(viewer, "events:read", "events.organization_id");
}
