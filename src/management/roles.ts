import { z } from "zod";
import { text } from "../http/attributes.ts";
import { type EndpointRequest, endpoint, type Params } from "../http/endpoint.ts";
import { createRole } from "../roles/create-role.ts";
import { deleteRole } from "../roles/delete-role.ts";
import { updateRole } from "../roles/update-role.ts";
import { creates, NOTHING, shows } from "./answers.ts";
import { changedResource, newResource } from "./bodies.ts";
import { findVisible } from "./reading/find-visible.ts";
import { changed, created } from "./reading/read-back.ts";
import { readEndpoints } from "./reading/read-endpoints.ts";
import { isOfOwnOrganization, requireRolesManage, roleKeyOf } from "./require-roles-manage.ts";
import { roleType } from "./types/role-type.ts";

const newRole = {
  type: "role",
  attributes: z.strictObject({ name: text(100), description: text(500).nullish() }),
  relationships: { organization: { type: "organization", prefix: "org", required: false } },
} as const;
const changedRole = {
  type: "role",
  attributes: z.strictObject({ name: text(100).optional(), description: text(500).nullish() }),
  relationships: {},
} as const;

const inPath = ({ params }: { params: Params }) => ({ role: params.id });

export const roleEndpoints = [
  ...readEndpoints(roleType),
  endpoint({
    method: "POST",
    path: "/api/roles",
    summary: "Create a role: of the environment, or of one organization by the relationship `organization`.",
    who: "caller",
    scope: "roles:write",
    limit: "write",
    body: newResource(newRole),
    organization: ({ body }) => ({ organization: body.relationships.organization }),
    answers: creates(roleType),
    allowed:
      "Who has `roles:manage`: in the organization for a role of one, in the environment for any other.",
    async handle(request) {
      const { attributes, relationships } = request.body;
      const { name, description = null } = attributes;
      const organization_id = relationships.organization ?? null;
      requireRolesManage(request, organization_id !== null);
      const { environment_id } = request.environment;
      const { id } = await createRole(
        request.context,
        { environment_id, organization_id, name, description },
        request.actor,
      );
      return created(request, roleType, id);
    },
  }),
  endpoint({
    method: "PATCH",
    path: "/api/roles/:id",
    summary: "Change a role's name or description. The system roles keep theirs.",
    who: "caller",
    scope: "roles:write",
    limit: "write",
    body: changedResource(changedRole),
    organization: inPath,
    answers: shows(roleType),
    allowed:
      "Who has `roles:manage`: in the organization for a role of one, in the environment for any other.",
    async handle(request) {
      const key = await manageable(request);
      await updateRole(request.context, key, request.body.attributes, request.actor);
      return changed(request, roleType, key.id);
    },
  }),
  endpoint({
    method: "DELETE",
    path: "/api/roles/:id",
    summary: "Delete a role that nobody has.",
    who: "caller",
    scope: "roles:delete",
    limit: "write",
    organization: inPath,
    answers: NOTHING,
    allowed:
      "Who has `roles:manage`: in the organization for a role of one, in the environment for any other.",
    async handle(request) {
      await deleteRole(request.context, await manageable(request), request.actor);
      return { status: 204 };
    },
  }),
];

/** @throws 404 for no role of anybody's before 403: what is foreign looks like what isn't there. */
async function manageable(request: EndpointRequest) {
  const { organization, params } = request;
  if (!isOfOwnOrganization(organization)) await findVisible(request, roleType, params.id ?? "");
  requireRolesManage(request, organization !== undefined);
  return roleKeyOf(request, params.id ?? "");
}
