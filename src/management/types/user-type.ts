import { z } from "zod";
import { emailAddress } from "../../http/attributes.ts";
import { Membership } from "../../models/membership.ts";
import { User } from "../../models/user.ts";
import { metadata, time } from "../reading/attribute-types.ts";
import { resourceType, type Viewer } from "../reading/resource-type.ts";
import { seesAllUsers } from "../reading/viewer-of.ts";
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
    metadata: metadata.optional(),
    created_at: time,
    updated_at: time,
  }),
  /** The team's notes about a person are not for other users, nor for the person. */
  onDemand: {
    metadata: (viewer) =>
      viewer.caller.kind !== "user" || seesAllUsers(viewer) ? "users.metadata" : undefined,
  },
  computed: ({ email_verified_at }) => ({ email_verified: email_verified_at !== null }),
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

const COLUMNS = [
  "id",
  "environment_id",
  "email",
  "email_canonical",
  "email_verified_at",
  "first_name",
  "last_name",
  "picture",
  "created_at",
  "updated_at",
].map((column) => `users.${column}`);

/** A person sees themselves and those they share an organization with, where they may see its members. */
function visible(viewer: Viewer) {
  const { db, environment_id, caller, environment_permissions } = viewer;
  const users = User.query(db).select(COLUMNS).where("users.environment_id", environment_id);
  if (caller.kind !== "user" || environment_permissions.includes("users:read")) return users;
  const fellows = Membership.query(db)
    .select("user_id")
    .whereIn("organization_id", visibleOrganizations(viewer, "members:read"));
  return users.where((either) => either.where("users.id", caller.user_id).orWhereIn("users.id", fellows));
}
