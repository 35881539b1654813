import { z } from "zod";
import { created_at, described } from "../http/attributes.ts";
import { byColumn } from "../json-api/filters.ts";
import { among } from "../json-api/lead.ts";
import { resourceType, type Viewer } from "../json-api/resource-type.ts";
import { exampleId } from "../lib/id.ts";
import { Event } from "../models/event.ts";
import { leadsByOrganization } from "./visible-organizations.ts";

export const eventType = resourceType<Event>({
  type: "event",
  path: "events",
  prefix: "evt",
  description: "A record of what happened: to what, by whom, in which request. Events never change.",
  seenBy:
    "A signed-in user sees those of organizations where they have `events:read`; with it in the environment, all.",
  visible: (viewer) =>
    among(
      viewer,
      Event.query(viewer.db).select("events.*").where("events.environment_id", viewer.environment_id),
      leads(viewer),
    ),
  leads,
  /** `event_type`, because JSON:API allows no attribute named `type` (1.1 §7.2.1). */
  attributes: z.object({
    event_type: described(z.string(), "What happened, such as `membership.created`.", "membership.created"),
    actor_kind: described(
      z.enum(["operator", "client", "user", "invitee", "system"]),
      "The kind of caller that did it.",
      "user",
    ),
    data: described(z.looseObject({}), "Details, which depend on the type.", { user_id: exampleId("user") }),
    subject_id: described(z.string(), "The id of what it happened to.", exampleId("orguser")),
    organization_id: described(
      z.string().nullable(),
      "The organization it happened in, which may no longer exist.",
      exampleId("org"),
    ),
    request_id: described(
      z.string().nullable(),
      "The request that did it: the `X-Request-Id` of its response.",
      "0b1d2c7e-6c0f-4a51-9f0e-2f8f4f7f2b1a",
    ),
    created_at,
  }),
  computed: ({ type }) => ({ event_type: type }),
  relationships: { actor: { type: "user", id: ({ actor_user_id }) => actor_user_id } },
  sortable: ["created_at"],
  filters: {
    organization: byColumn("events.organization_id"),
    type: byColumn("events.type"),
    subject: byColumn("events.subject_id", "Only what happened to this: an id."),
  },
});

function leads(viewer: Viewer) {
  return leadsByOrganization(viewer, "events:read", "events.organization_id");
}
