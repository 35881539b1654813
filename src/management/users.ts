import { raw } from "objection";
import { z } from "zod";
import { inEnvironment } from "../access/allow.ts";
import {
  created_at,
  described,
  emailAddress,
  expiry,
  externalId,
  metadata,
  text,
  time,
  updated_at,
  webAddress,
  withExample,
} from "../http/attributes.ts";
import { byAddress, bySearch } from "../json-api/filters.ts";
import { among } from "../json-api/lead.ts";
import { resourceType, storedMetadata } from "../json-api/resource-type.ts";
import { User } from "../models/user.ts";
import { createUser } from "../users/create-user.ts";
import { deleteUser } from "../users/delete-user.ts";
import { updateUser } from "../users/update-user.ts";
import { keyOf } from "./key-of.ts";
import { changes, creates, deletes } from "./resource-endpoints.ts";
import { visibleOrganizations } from "./visible-organizations.ts";
import { isTeam, leadsToUsers, searchUsers, USER_COLUMNS } from "./visible-users.ts";

export const userType = resourceType<User>({
  type: "user",
  path: "users",
  prefix: "user",
  description: "A person, identified by an email address that no other user of the environment has.",
  seenBy:
    "A signed-in user sees themselves and everyone in the organizations where they have `members:read`; with `users:read` in the environment, everyone.",
  visible: (viewer) =>
    among(
      viewer,
      User.query(viewer.db).select(USER_COLUMNS).where("users.environment_id", viewer.environment_id),
      leadsToUsers(viewer),
    ),
  leads: (viewer) =>
    visibleOrganizations(viewer, "members:read") === undefined ? undefined : leadsToUsers(viewer),
  attributes: z.object({
    email: described(z.string(), "Where emails go. Compared without regard to case.", "mary@acme.example"),
    email_verified: described(
      z.boolean(),
      "Whether the address is known to be theirs, because they followed a link or a program vouched for it. Users can't set it to true.",
      true,
    ),
    first_name: withExample(z.string().nullable(), "Mary"),
    last_name: withExample(z.string().nullable(), "Somerville"),
    picture: described(z.string().nullable(), "The URL of an image.", "https://acme.example/mary.png"),
    inviting_paused_until: described(
      time.nullable(),
      "Until when they can't send invitations, because one was reported as spam or a program paused them. Null means no pause. Programs set and lift it. Fellow members always see null.",
    ),
    metadata: described(
      storedMetadata.optional(),
      "Your own notes about the person. Visible only to programs and to signed-in users with `users:read` in the environment; hidden from everyone else, including the person. At most 8,192 bytes and 50 keys, nested ones included.",
      { crm_id: "C-1017" },
    ),
    external_id: described(
      z.string().nullable().optional(),
      "The person's id in your own system, unique in the environment. Only programs set it. Callers who can't see `metadata` can't see it either.",
      "P-2204",
    ),
    created_at,
    updated_at,
  }),
  onDemand: {
    /** The team's notes about a person are hidden from other users, and from the person. */
    metadata: (viewer) => (isTeam(viewer) ? "users.metadata" : undefined),
    external_id: (viewer) => (isTeam(viewer) ? "users.external_id" : undefined),
    /** Fellow members must not see that someone was reported. */
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
    search: { ...bySearch<User>(searchUsers), findsFew: true },
    external_id: {
      findsFew: true,
      value: z.string().max(300),
      /** Finds nobody for viewers who may not see it. */
      places: (value, viewer) => [
        (rows) => void rows.whereRaw("users.external_id = ?", [isTeam(viewer) ? String(value) : null]),
      ],
    },
  },
});

const attributes = z.strictObject({
  email: emailAddress,
  email_verified: z.boolean().optional(),
  first_name: text(100).nullish(),
  last_name: text(100).nullish(),
  picture: webAddress.nullish(),
  metadata: metadata.optional(),
  external_id: externalId.nullish(),
});
const NOT_ABOVE =
  "A user with `users:manage` in the environment, for users without permissions there that they lack.";

export const userEndpoints = [
  creates(userType, {
    summary: "Create a user. Programs vouch for the address with `email_verified`.",
    allow: inEnvironment("users:manage", { scope: "users:write" }),
    attributes,
    async create(request) {
      const { email: address, email_verified = false, ...details } = request.body.attributes;
      const { environment_id } = request.environment;
      return createUser(
        request.context,
        { ...details, address, email_verified, environment_id },
        request.actor,
      );
    },
  }),
  changes(userType, {
    summary: "Change a user. A new address is unverified unless a program vouches for it.",
    allow: inEnvironment("users:manage", {
      scope: "users:write",
      people: `${NOT_ABOVE} The address can only be changed for users who own no organization and have no such permissions in any.`,
    }),
    attributes: attributes.partial().extend({ inviting_paused_until: expiry.nullish() }),
    async change(request) {
      const { email: address, ...change } = request.body.attributes;
      const key = keyOf(request);
      await updateUser(request.context, key, { ...change, address }, request.actor);
    },
  }),
  deletes(userType, {
    summary: "Delete a user with their sessions and memberships. Refused while they own an organization.",
    allow: inEnvironment("users:manage", { scope: "users:delete", people: NOT_ABOVE }),
    remove: (request) => deleteUser(request.context, keyOf(request), request.actor),
  }),
];
