import { z } from "zod";
import { inBody, inPath, signedIn } from "../access/allow.ts";
import { parameter } from "../db/prepared-query.ts";
import { created_at, described, text, updated_at, withExample } from "../http/attributes.ts";
import type { OneRequest } from "../http/endpoint.ts";
import { byColumn } from "../json-api/filters.ts";
import { findVisible } from "../json-api/find-visible.ts";
import { among, idsFrom } from "../json-api/lead.ts";
import { type Lead, resourceType, type Viewer } from "../json-api/resource-type.ts";
import { seesAllUsers } from "../json-api/viewer.ts";
import { Role } from "../models/role.ts";
import { createRole, deleteRole, updateRole } from "../roles/role-commands.ts";
import {
  isOfOwnOrganization,
  ROLES_MANAGERS,
  requireRolesManage,
  roleKeyOf,
} from "./require-roles-manage.ts";
import { changes, creates, deletes } from "./resource-endpoints.ts";
import { isAlive, visibleOrganizations } from "./visible-organizations.ts";

export const roleType = resourceType<Role>({
  type: "role",
  path: "roles",
  prefix: "role",
  description:
    "A named set of permissions. A role of the environment can be granted in every organization, a role of an organization only there. The system roles `owner`, `admin`, `billing` and `member` exist from the start. `owner` has every permission that isn't `environment_only`; programs may grant the others more permissions, and each also has those of the roles below it.",
  seenBy:
    "A signed-in user sees those of the environment, and those of organizations where they have `organization:read`.",
  visible: (viewer) =>
    among(
      viewer,
      Role.query(viewer.db)
        .modify("withPermissionIds")
        .where("roles.environment_id", viewer.environment_id)
        .whereRaw(isAlive("roles.organization_id")),
      leads(viewer),
    ),
  leads,
  attributes: z.object({
    name: withExample(z.string(), "Office manager"),
    description: withExample(z.string().nullable(), "Looks after the office"),
    is_system: described(z.boolean(), "True for the four roles that exist from the start.", false),
    user_count: described(
      z.int().optional(),
      "How many users have the role. Callers without `users:read` in the environment see it only for roles of an organization. Roles with over 1,000 assignments, and included roles, show it only if `fields[role]` names it; over 1,000 it also requires `users:read`.",
      1,
    ),
    permission_count: described(z.int(), "How many permissions the role has.", 2),
    created_at,
    updated_at,
  }),
  onDemand: {
    user_count(viewer, { named, primary }) {
      const everybody = seesAllUsers(viewer);
      return named || primary ? Role.userCount({ everybody, exact: named && everybody }) : undefined;
    },
  },
  computed: ({ user_count, permission_ids = [] }) => ({
    user_count: user_count ?? undefined,
    permission_count: permission_ids.length,
  }),
  relationships: {
    organization: { type: "organization", id: ({ organization_id }) => organization_id },
    permissions: { type: "permission", ids: ({ permission_ids = [] }) => permission_ids },
    role_permissions: { type: "role_permission", column: "role_id" },
  },
  sortable: ["name", "created_at"],
  filters: { name: byColumn("roles.name"), organization: byColumn("roles.organization_id") },
  parts: {
    /** Those that somebody who has the permissions `held` may give in an organization. Null: all permissions. */
    assignable: (roles) =>
      void roles.whereRaw(
        `(roles.organization_id is null or roles.organization_id = :organization_id)
        and not (roles.is_system and roles.name = 'owner')
        and (cast(:held as text[]) is null or 'members:manage' = any (:held) and not exists (
          select from role_permissions rp join permissions p on p.id = rp.permission_id
          where rp.role_id = roles.id and p.name <> all (:held)
        ))`,
        { organization_id: parameter("organization_id"), held: parameter("held") },
      ),
  },
});

function leads(viewer: Viewer) {
  return leadsByRole(viewer, "roles.id");
}

/** Leads to the roles the viewer may see, or to what belongs to them. */
export function leadsByRole(viewer: Viewer, column: string): Lead[] | undefined {
  const organizations = visibleOrganizations(viewer, "organization:read");
  if (organizations === undefined) return undefined;
  const { db, environment_id } = viewer;
  const shared = db("roles as shared").where({
    "shared.environment_id": environment_id,
    "shared.organization_id": null,
  });
  const custom = db("roles as custom").whereRaw("custom.organization_id = any(array(?))", [
    idsFrom(organizations),
  ]);
  return [
    { column, from: shared, key: "shared.id" },
    { column, from: custom, key: "custom.id" },
  ];
}

export const roleEndpoints = [
  creates(roleType, {
    summary:
      "Create a role of the environment, or of the organization that the relationship `organization` names.",
    allow: signedIn({
      of: inBody("organization"),
      scope: "roles:write",
      people: ROLES_MANAGERS,
    }),
    attributes: z.strictObject({ name: text(100), description: text(500).nullish() }),
    relationships: { organization: { type: "organization", prefix: "org", required: false } },
    example: { user_count: 0, permission_count: 0 },
    async create(request) {
      const { attributes, relationships } = request.body;
      const { name, description = null } = attributes;
      const organization_id = relationships.organization ?? null;
      requireRolesManage(request, organization_id !== null);
      const { environment_id } = request.environment;
      return createRole(
        request.context,
        { environment_id, organization_id, name, description },
        request.actor,
      );
    },
  }),
  changes(roleType, {
    summary: "Change a role's name or description. The system roles keep theirs.",
    allow: signedIn({
      of: inPath("role"),
      scope: "roles:write",
      people: ROLES_MANAGERS,
    }),
    attributes: z.strictObject({ name: text(100).optional(), description: text(500).nullish() }),
    async change(request) {
      const key = await manageable(request);
      await updateRole(request.context, key, request.body.attributes, request.actor);
    },
  }),
  deletes(roleType, {
    summary: "Delete a role that nobody has.",
    allow: signedIn({
      of: inPath("role"),
      scope: "roles:delete",
      people: ROLES_MANAGERS,
    }),
    remove: async (request) => deleteRole(request.context, await manageable(request), request.actor),
  }),
];

/** @throws 404 before 403, so that a role of others looks like an unknown one. */
async function manageable(request: OneRequest) {
  const { organization, params } = request;
  if (!isOfOwnOrganization(organization)) await findVisible(request, roleType, params.id);
  requireRolesManage(request, organization !== undefined);
  return roleKeyOf(request, params.id);
}
