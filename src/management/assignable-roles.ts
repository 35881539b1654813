import { z } from "zod";
import { inPath, member } from "../access/allow.ts";
import { endpoint } from "../http/endpoint.ts";
import { lists } from "../json-api/answers.ts";
import { listDocument } from "../json-api/read-documents.ts";
import { collectionParameters } from "../json-api/read-parameters.ts";
import { viewerOf } from "../json-api/viewer.ts";
import { organizationOf } from "./key-of.ts";
import { roleType } from "./roles.ts";

const query = z.strictObject(collectionParameters(roleType)) as z.ZodType<Record<string, unknown>>;

/**
 * The roles a front end can offer for members and invitations. The rule is that of `requireGrantable`, in SQL;
 * test/member-roles.test.ts proves that the two agree.
 */
export const assignableRoleEndpoints = [
  endpoint({
    method: "GET",
    path: "/api/organizations/:id/assignable-roles",
    operationId: "readAssignableRolesOfOrganization",
    summary:
      "List the roles the caller may grant in an organization, to its members and by inviting. The list is empty for anyone who may not manage members.",
    allow: member("organization:read", { of: inPath("organization"), scope: "roles:read" }),
    limit: "read",
    query,
    answers: lists(roleType),
    async handle(request) {
      const held = request.organization?.permissions ?? null;
      const document = await listDocument(
        { viewer: viewerOf(request), query: request.query, url: request.url },
        roleType,
        { which: { part: "assignable" }, values: { organization_id: organizationOf(request), held } },
      );
      return { status: 200, document };
    },
  }),
];
