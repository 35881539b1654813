import { z } from "zod";
import { Event } from "../../models/event.ts";
import { time } from "../reading/attribute-types.ts";
import { byColumn } from "../reading/filters.ts";
import { resourceType } from "../reading/resource-type.ts";
import { visibleOrganizations } from "./visible-organizations.ts";

export const eventType = resourceType<Event>({
  type: "event",
  path: "events",
  prefix: "evt",
  /** Of organizations whose events the viewer may see; an operator all, those of deleted organizations too. */
  visible(viewer) {
    const { db, environment_id, caller, environment_permissions } = viewer;
    const events = Event.query(db).select("events.*").where("events.environment_id", environment_id);
    if (caller.kind !== "user" || environment_permissions.includes("events:read")) return events;
    return events.whereIn("events.organization_id", visibleOrganizations(viewer, "events:read"));
  },
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
