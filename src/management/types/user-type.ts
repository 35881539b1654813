import { raw } from "objection";
import { z } from "zod";
import { User } from "../../models/user.ts";
import { metadata, time } from "../reading/attribute-types.ts";
import { bySearch, foundIds, isFound } from "../reading/by-search.ts";
import { byAddress } from "../reading/filters.ts";
import { among, idsFrom, type Lead } from "../reading/lead.ts";
import { type Rows, resourceType, type Viewer } from "../reading/resource-type.ts";
import { seesAllUsers } from "../reading/viewer-of.ts";
import { isAlive, visibleOrganizations } from "./visible-organizations.ts";

export const userType = resourceType<User>({
  type: "user",
  path: "users",
  prefix: "user",
  /** A person sees themselves and those they share an organization with, where they may see its members. */
  visible: (viewer) =>
    among(
      viewer,
      User.query(viewer.db).select(COLUMNS).where("users.environment_id", viewer.environment_id),
      people(viewer),
    ),
  leads: (viewer) =>
    visibleOrganizations(viewer, "members:read") === undefined ? undefined : people(viewer),
  attributes: z.object({
    email: z.string(),
    email_verified: z.boolean(),
    first_name: z.string().nullable(),
    last_name: z.string().nullable(),
    picture: z.string().nullable(),
    inviting_paused_until: time.nullable(),
    metadata: metadata.optional(),
    external_id: z.string().nullable().optional(),
    created_at: time,
    updated_at: time,
  }),
  onDemand: {
    /** The team's notes about a person are not for other users, nor for the person. */
    metadata: (viewer) => (isTeam(viewer) ? "users.metadata" : undefined),
    external_id: (viewer) => (isTeam(viewer) ? "users.external_id" : undefined),
    /** That somebody was reported is no fellow member's business. */
    inviting_paused_until: (viewer) =>
      isTeam(viewer)
        ? "users.inviting_paused_until"
        : raw("case when users.id = ? then users.inviting_paused_until end as inviting_paused_until", [
            viewer.caller.kind === "user" ? viewer.caller.user_id : null,
          ]),
  },
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
    email: { ...byAddress<User>("users.email_canonical"), findsFew: true },
    search: { ...bySearch<User>(searched), findsFew: true },
    external_id: {
      findsFew: true,
      value: z.string().max(300),
      /** To those who may not see it, nobody has one. */
      places: (value, viewer) => [
        (rows) => void rows.whereRaw("users.external_id = ?", [isTeam(viewer) ? String(value) : null]),
      ],
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

/** Those who don't see everybody search their organizations, and themselves. */
function searched(wanted: string, viewer: Viewer): Array<(rows: Rows<User>) => void> {
  const organizations = people(viewer) && visibleOrganizations(viewer, "members:read");
  if (organizations === undefined)
    return [(rows) => void rows.whereRaw("users.id = any(array(?))", [foundIds(viewer, "u", wanted)])];
  const { db, caller } = viewer;
  const memberships = foundIds(viewer, "m", wanted, idsFrom(organizations));
  const fellows = db("memberships").select("user_id").whereRaw("id = any(array(?))", [memberships]);
  return [
    (rows) => void rows.whereRaw("users.id = any(array(?))", [fellows]),
    (rows) =>
      void rows.where("users.id", caller.kind === "user" ? caller.user_id : null).modify(isFound(wanted)),
  ];
}

function isTeam(viewer: Viewer): boolean {
  return viewer.caller.kind !== "user" || seesAllUsers(viewer);
}

function people(viewer: Viewer): Lead[] | undefined {
  const { db, environment_id, caller, environment_permissions } = viewer;
  if (caller.kind !== "user" || environment_permissions.includes("users:read")) return undefined;
  const organizations = visibleOrganizations(viewer, "members:read");
  const fellows = db("memberships as fellow");
  if (organizations === undefined)
    void fellows.where("fellow.environment_id", environment_id).whereRaw(isAlive("fellow.organization_id"));
  else void fellows.whereRaw("fellow.organization_id = any(array(?))", [idsFrom(organizations)]);
  return [
    { column: "users.id", from: db("users as self").where("self.id", caller.user_id), key: "self.id" },
    { column: "users.id", from: fellows, key: "fellow.user_id" },
  ];
}
