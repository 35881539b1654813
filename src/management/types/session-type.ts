import { z } from "zod";
import { Session } from "../../models/session.ts";
import { time } from "../reading/attribute-types.ts";
import { byColumn } from "../reading/filters.ts";
import { resourceType } from "../reading/resource-type.ts";

export const sessionType = resourceType<Session>({
  type: "session",
  path: "sessions",
  prefix: "sess",
  /** Their own; an operator all. */
  visible({ db, environment_id, caller, environment_permissions }) {
    const sessions = Session.query(db).select("sessions.*").where("sessions.environment_id", environment_id);
    if (caller.kind !== "user" || environment_permissions.includes("sessions:read")) return sessions;
    return sessions.where("sessions.user_id", caller.user_id);
  },
  attributes: z.object({
    ip: z.string().nullable(),
    user_agent: z.string().nullable(),
    last_active_at: time,
    expires_at: time,
    revoked_at: time.nullable(),
    created_at: time,
    updated_at: time,
  }),
  relationships: { user: { type: "user", id: ({ user_id }) => user_id } },
  sortable: ["created_at", "last_active_at", "expires_at"],
  filters: { user: byColumn("sessions.user_id") },
});
