import type { Endpoint } from "../http/endpoint.ts";
import { readEndpoints } from "../json-api/read-endpoints.ts";
import type { ResourceType } from "../json-api/resource-type.ts";
import { apiClientEndpoints, apiClientType } from "./api-clients.ts";
import { assignableRoleEndpoints } from "./assignable-roles.ts";
import { deliveryType } from "./deliveries.ts";
import { environmentEndpoints, environmentType } from "./environments.ts";
import { eventType } from "./events.ts";
import { invitationAnswerEndpoints } from "./invitation-answers.ts";
import { invitationBatchRowType } from "./invitation-batch-rows.ts";
import { invitationBatchEndpoints, invitationBatchType } from "./invitation-batches.ts";
import { invitationChangeEndpoints } from "./invitation-changes.ts";
import { invitationResendEndpoints } from "./invitation-resends.ts";
import { invitationEndpoints, invitationType } from "./invitations.ts";
import { membershipRoleEndpoints, membershipRoleType } from "./membership-roles.ts";
import { membershipEndpoints, membershipType } from "./memberships.ts";
import { organizationDeletionEndpoints, organizationDeletionType } from "./organization-deletions.ts";
import { organizationEndpoints, organizationType } from "./organizations.ts";
import { permissionEndpoints, permissionType } from "./permissions.ts";
import { receivedInvitationType } from "./received-invitations.ts";
import { rolePermissionEndpoints, rolePermissionType } from "./role-permissions.ts";
import { roleEndpoints, roleType } from "./roles.ts";
import { sessionEndpoints, sessionType } from "./sessions.ts";
import { suppressionEndpoints, suppressionType } from "./suppressions.ts";
import { userRoleEndpoints, userRoleType } from "./user-roles.ts";
import { userEndpoints, userType } from "./users.ts";

/** Every resource type, with the endpoints that act on it. */
const resources: Array<[ResourceType, Endpoint[]]> = [
  [environmentType, environmentEndpoints],
  [userType, userEndpoints],
  [sessionType, sessionEndpoints],
  [apiClientType, apiClientEndpoints],
  [
    organizationType,
    [...organizationEndpoints, ...organizationDeletionEndpoints, ...assignableRoleEndpoints],
  ],
  [membershipType, membershipEndpoints],
  [membershipRoleType, membershipRoleEndpoints],
  [
    invitationType,
    [
      ...invitationAnswerEndpoints,
      ...invitationEndpoints,
      ...invitationChangeEndpoints,
      ...invitationResendEndpoints,
    ],
  ],
  [receivedInvitationType, []],
  [invitationBatchType, invitationBatchEndpoints],
  [invitationBatchRowType, []],
  [deliveryType, []],
  [suppressionType, suppressionEndpoints],
  [roleType, roleEndpoints],
  [rolePermissionType, rolePermissionEndpoints],
  [permissionType, permissionEndpoints],
  [userRoleType, userRoleEndpoints],
  [eventType, []],
  [organizationDeletionType, []],
];

export const resourceTypes: ResourceType[] = resources.map(([type]) => type);

/** Every endpoint of the Management API, tagged with the resource it belongs to. */
export const allEndpoints: Endpoint[] = resources.flatMap(([type, endpoints]) =>
  [...readEndpoints(type), ...endpoints].map((endpoint) => ({ ...endpoint, tag: type.path })),
);
