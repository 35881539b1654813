import { z } from "zod";
import { inEnvironment } from "../access/allow.ts";
import { created_at, described, text, updated_at, withExample } from "../http/attributes.ts";
import { byColumn } from "../json-api/filters.ts";
import { resourceType } from "../json-api/resource-type.ts";
import { Permission } from "../models/role.ts";
import { createPermission, deletePermission, updatePermission } from "../roles/permission-commands.ts";
import { keyOf } from "./key-of.ts";
import { changes, creates, deletes } from "./resource-endpoints.ts";

export const permissionType = resourceType<Permission>({
  type: "permission",
  path: "permissions",
  prefix: "perm",
  description:
    "An action that can be allowed, named `resource:action`. Guildhall's own permissions exist from the start; add others for your product to check. Every owner of an organization has them.",
  seenBy: "Anyone who is signed in.",
  visible: ({ db, environment_id }) =>
    Permission.query(db).select("permissions.*").where("permissions.environment_id", environment_id),
  attributes: z.object({
    name: described(
      z.string(),
      "`resource:action`. It never changes, because programs check for it.",
      "parking:book",
    ),
    description: withExample(z.string().nullable(), "Book a parking space"),
    environment_only: described(
      z.boolean(),
      "If true, it applies only in the environment as a whole, such as a permission of your staff, and owners of organizations don't have it. By default they do.",
      false,
    ),
    created_at,
    updated_at,
  }),
  relationships: {},
  sortable: ["name", "created_at"],
  filters: { name: byColumn("permissions.name") },
});

export const permissionEndpoints = [
  creates(permissionType, {
    summary:
      "Add a permission to the catalogue. Every owner of an organization has it, unless it is `environment_only`.",
    allow: inEnvironment("roles:manage", { scope: "permissions:write" }),
    attributes: z.strictObject({
      name: z
        .string()
        .max(100)
        .regex(/^[a-z][a-z_]*:[a-z][a-z_]*$/, {
          error: "name it resource:action, in lower-case letters and underscores",
        }),
      description: text(500).nullish(),
      environment_only: z.boolean().default(false),
    }),
    async create(request) {
      const { description = null, ...permission } = request.body.attributes;
      const { environment_id } = request.environment;
      return createPermission(request.context, { ...permission, environment_id, description }, request.actor);
    },
  }),
  changes(permissionType, {
    summary: "Change a permission's description; as a program, also whether it is `environment_only`.",
    allow: inEnvironment("roles:manage", { scope: "permissions:write" }),
    attributes: z.strictObject({
      description: text(500).nullish(),
      environment_only: z.boolean().optional(),
    }),
    async change(request) {
      const key = keyOf(request);
      await updatePermission(request.context, key, request.body.attributes, request.actor);
    },
  }),
  deletes(permissionType, {
    summary: "Delete a permission that no role but `owner` has.",
    allow: inEnvironment("roles:manage", { scope: "permissions:delete" }),
    remove: (request) => deletePermission(request.context, keyOf(request), request.actor),
  }),
];
