import { z } from "zod";
import { emailAddress } from "../../http/attributes.ts";
import { Membership } from "../../models/membership.ts";
import { User } from "../../models/user.ts";
import { metadata, time } from "../reading/attribute-types.ts";
import { resourceType, type Viewer } from "../reading/resource-type.ts";
import { visibleOrganizations } from "./visible-organizations.ts";

export const userType = resourceType<User>({
  type: "user",
  path: "users",
  prefix: "user",
  visible,
  attributes: z.object({
    email: z.string(),
    email_verified: z.boolean(),
    first_name: z.string().nullable(),
    last_name: z.string().nullable(),
    picture: z.string().nullable(),
    inviting_paused_until: time.nullable(),
    metadata,
    created_at: time,
    updated_at: time,
  }),
  computed: ({ email_verified_at, inviting_paused_until = null }) => ({
    email_verified: email_verified_at !== null,
    inviting_paused_until,
  }),
  relationships: {
    memberships: { type: "membership", column: "user_id" },
    sessions: { type: "session", column: "user_id" },
    user_roles: { type: "user_role", column: "user_id" },
  },
  sortable: ["email_canonical", "created_at"],
  filters: {
    email: {
      value: emailAddress,
      apply: (rows, address) =>
        void rows.where("users.email_canonical", (address as { canonical: string }).canonical),
    },
  },
});

/** A person sees themselves and those they share an organization with, where they may see its members. */
function visible(viewer: Viewer) {
  const { db, environment_id, caller, environment_permissions } = viewer;
  const users = User.query(db).select("users.*").where("users.environment_id", environment_id);
  if (caller.kind !== "user" || environment_permissions.includes("users:read")) return users;
  // That somebody was reported is no fellow member's business.
  void users.select(
    db.raw("case when users.id = ? then users.inviting_paused_until end as inviting_paused_until", [
      caller.user_id,
    ]),
  );
  const fellows = Membership.query(db)
    .select("user_id")
    .whereIn("organization_id", visibleOrganizations(viewer, "members:read"));
  return users.where((either) => either.where("users.id", caller.user_id).orWhereIn("users.id", fellows));
}
