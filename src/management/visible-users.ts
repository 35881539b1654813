import { foundIds, isFound } from "../json-api/filters.ts";
import { idsFrom } from "../json-api/lead.ts";
import type { Lead, Rows, Viewer } from "../json-api/resource-type.ts";
import { seesAllUsers } from "../json-api/viewer.ts";
import type { User } from "../models/user.ts";
import { isAlive, visibleOrganizations } from "./visible-organizations.ts";

export const USER_COLUMNS = [
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

/** Searches all users for a viewer who sees everyone; otherwise the viewer's organizations, and the viewer. */
export function searchUsers(wanted: string, viewer: Viewer): Array<(rows: Rows<User>) => void> {
  const organizations = leadsToUsers(viewer) && visibleOrganizations(viewer, "members:read");
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

/** Returns whether the viewer belongs to the team that runs the service: programs, and users who see everyone. */
export function isTeam(viewer: Viewer): boolean {
  return viewer.caller.kind !== "user" || seesAllUsers(viewer);
}

/** Leads to the viewer and to the members of organizations where they may see members. Undefined if they see everyone. */
export function leadsToUsers(viewer: Viewer): Lead[] | undefined {
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
