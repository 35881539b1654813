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
import { organizationDeletionType } from "./organization-deletions.ts";
import { organizationEndpoints, organizationType } from "./organizations.ts";
import { permissionEndpoints, permissionType } from "./permissions.ts";
import { receivedInvitationType } from "./received-invitations.ts";
import { rolePermissionEndpoints, rolePermissionType } from "./role-permissions.ts";
import { roleEndpoints, roleType } from "./roles.ts";
import { sessionEndpoints, sessionType } from "./sessions.ts";
import { suppressionEndpoints, suppressionType } from "./suppressions.ts";
import { userRoleEndpoints, userRoleType } from "./user-roles.ts";
import { userEndpoints, userType } from "./users.ts";

/** Every resource type, by import. */
export const resourceTypes: ResourceType[] = [
  environmentType,
  userType,
  sessionType,
  apiClientType,
  organizationType,
  membershipType,
  membershipRoleType,
  invitationType,
  receivedInvitationType,
  invitationBatchType,
  invitationBatchRowType,
  deliveryType,
  suppressionType,
  roleType,
  rolePermissionType,
  permissionType,
  userRoleType,
  eventType,
  organizationDeletionType,
];

/** Every endpoint of the Management API, by import. */
export const allEndpoints: Endpoint[] = [
  ...resourceTypes.flatMap(readEndpoints),
  ...apiClientEndpoints,
  ...assignableRoleEndpoints,
  ...environmentEndpoints,
  ...invitationAnswerEndpoints,
  ...invitationEndpoints,
  ...invitationBatchEndpoints,
  ...invitationChangeEndpoints,
  ...invitationResendEndpoints,
  ...membershipRoleEndpoints,
  ...membershipEndpoints,
  ...organizationEndpoints,
  ...permissionEndpoints,
  ...rolePermissionEndpoints,
  ...roleEndpoints,
  ...sessionEndpoints,
  ...suppressionEndpoints,
  ...userRoleEndpoints,
  ...userEndpoints,
];
