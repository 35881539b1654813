import { z } from "zod";
import { inBody, inPath, member, signedIn } from "../access/allow.ts";
import { requireScope } from "../access/require-permission.ts";
import { forbidden } from "../errors.ts";
import { created_at, described, metadata, updated_at } from "../http/attributes.ts";
import { endpoint } from "../http/endpoint.ts";
import { NOTHING, shows } from "../json-api/answers.ts";
import { changedResource, linkage } from "../json-api/bodies.ts";
import { byColumn, bySearch, foundIds, isFound } from "../json-api/filters.ts";
import { among, idsFrom } from "../json-api/lead.ts";
import { changed } from "../json-api/read-back.ts";
import {
  type Lead,
  type Rows,
  resourceType,
  storedMetadata,
  type Viewer,
} from "../json-api/resource-type.ts";
import { addMember } from "../memberships/add-member.ts";
import { removeMember } from "../memberships/remove-member.ts";
import { updateMembership } from "../memberships/update-membership.ts";
import { Membership } from "../models/membership.ts";
import { keyInOrganization } from "./key-of.ts";
import { creates, deletes } from "./resource-endpoints.ts";
import { RevokedInvitations } from "./revoked-invitations.ts";
import {
  isAlive,
  leadsByOrganization,
  ownMemberships,
  visibleOrganizations,
} from "./visible-organizations.ts";

export const membershipType = resourceType<Membership>({
  type: "membership",
  path: "memberships",
  prefix: "orguser",
  description: "A user's membership in an organization, with one or more roles.",
  seenBy: "A signed-in user sees their own, and those of organizations where they have `members:read`.",
  visible: (viewer) =>
    among(
      viewer,
      Membership.query(viewer.db)
        .modify("withRoles")
        .where("memberships.environment_id", viewer.environment_id)
        .whereRaw(isAlive("memberships.organization_id")),
      leads(viewer),
    ),
  leads,
  attributes: z.object({
    metadata: described(
      storedMetadata,
      "The organization's own notes about the member. Anyone who may manage members can set it, so don't keep your own keys here. At most 8,192 bytes and 50 keys, nested ones included.",
      { crm_id: "C-1017" },
    ),
    created_at,
    updated_at,
  }),
  onDemand: { metadata: () => "memberships.metadata" },
  relationships: {
    organization: { type: "organization", id: ({ organization_id }) => organization_id },
    user: { type: "user", id: ({ user_id }) => user_id },
    roles: { type: "role", ids: ({ role_ids = [] }) => role_ids },
    membership_roles: { type: "membership_role", column: "membership_id" },
  },
  sortable: ["created_at"],
  filters: {
    organization: byColumn("memberships.organization_id"),
    user: byColumn("memberships.user_id"),
    search: { ...bySearch<Membership>(searched), findsFew: true },
  },
});

function leads(viewer: Viewer): Lead[] | undefined {
  const seen = leadsByOrganization(viewer, "members:read", "memberships.organization_id");
  return seen && [...seen, ownMemberships(viewer, "memberships.id")];
}

/** Searches the users' names and addresses, so an access token must also be allowed to read users. */
function searched(wanted: string, viewer: Viewer): Array<(rows: Rows<Membership>) => void> {
  requireScope(viewer.caller, "users:read");
  const organizations = visibleOrganizations(viewer, "members:read");
  if (organizations === undefined) {
    const users = foundIds(viewer, "u", wanted);
    return [(rows) => void rows.whereRaw("memberships.user_id = any(array(?))", [users])];
  }
  const { caller } = viewer;
  const ids = foundIds(viewer, "m", wanted, idsFrom(organizations));
  return [
    (rows) => void rows.whereRaw("memberships.id = any(array(?))", [ids]),
    (rows) =>
      void rows
        .where("memberships.user_id", caller.kind === "user" ? caller.user_id : null)
        .modify(isFound(wanted)),
  ];
}

const changedMembership = {
  type: "membership",
  attributes: z.strictObject({ metadata: metadata.optional() }),
  relationships: { roles: { type: "role", prefix: "role", required: false, many: true } },
} as const;

export const membershipEndpoints = [
  creates(membershipType, {
    summary:
      "Make an existing user a member at once, without an email, with the role `member` unless `roles` names others. If the environment's `member_adding` is `invite`, only programs can.",
    allow: member("members:manage", { of: inBody("organization"), scope: "memberships:write" }),
    attributes: z.strictObject({ metadata: metadata.default({}) }),
    relationships: {
      user: { type: "user", prefix: "user", required: true },
      organization: { type: "organization", prefix: "org", required: true },
      roles: { type: "role", prefix: "role", required: false, many: true },
    },
    async create(request) {
      const { attributes, relationships } = request.body;
      const { caller, environment } = request;
      if (caller.kind === "user" && environment.settings.member_adding === "invite") {
        const detail =
          "In this environment people join by accepting an invitation. Create an invitation instead.";
        throw forbidden("invite_instead", detail);
      }
      const member = {
        environment_id: environment.environment_id,
        organization_id: relationships.organization,
        user_id: relationships.user,
        role_ids: relationships.roles ?? [],
        metadata: attributes.metadata,
      };
      return addMember(request.context, member, request.actor);
    },
  }),
  endpoint({
    method: "PATCH",
    path: "/api/memberships/:id",
    operationId: "updateMembership",
    summary:
      "Change a membership: its metadata, its roles, or both at once. The relationship `roles` names all roles the member is to have. Nobody grants or revokes permissions they don't have. Pending invitations the member could no longer send are revoked.",
    allow: member("members:manage", { of: inPath("membership"), scope: "memberships:write" }),
    limit: "write",
    body: changedResource(changedMembership),
    answers: { ...shows(membershipType), meta: RevokedInvitations },
    async handle(request) {
      const { context, actor, body } = request;
      const key = keyInOrganization(request);
      const change = { metadata: body.attributes.metadata, role_ids: body.relationships.roles };
      const pointer = "/data/relationships/roles";
      const revoked = await updateMembership(context, key, { ...change, pointer }, actor);
      const { document, ...answer } = await changed(request, membershipType, key.id);
      return { ...answer, document: { ...document, meta: { revoked_invitations: revoked } } };
    },
  }),
  endpoint({
    method: "PATCH",
    path: "/api/memberships/:id/relationships/roles",
    operationId: "updateRolesLinkageOfMembership",
    summary: "Replace a member's roles. Nobody grants or revokes permissions they don't have.",
    allow: member("members:manage", { of: inPath("membership"), scope: "memberships:write" }),
    limit: "write",
    body: linkage({ type: "role", prefix: "role" }),
    answers: NOTHING,
    async handle(request) {
      const key = keyInOrganization(request);
      const change = { role_ids: request.body, pointer: "/data" };
      await updateMembership(request.context, key, change, request.actor);
      return { status: 204 };
    },
  }),
  deletes(membershipType, {
    summary: "Remove a member, or leave. Anyone except the owner can end their own membership.",
    allow: signedIn({
      of: inPath("membership"),
      scope: "memberships:delete",
      people: "The member themselves, or a member with `members:manage` in the organization.",
    }),
    async remove(request) {
      const { context, caller, actor } = request;
      const membership = await Membership.query(context.db).findById(request.params.id);
      const isOwn = caller.kind === "user" && membership?.user_id === caller.user_id;
      if (!isOwn) request.requirePermission("members:manage");
      await removeMember(context, keyInOrganization(request), actor);
    },
  }),
];
