import type { Endpoint } from "../http/endpoint.ts";
import { apiClientEndpoints } from "./api-clients.ts";
import { assignableRoleEndpoints } from "./assignable-roles.ts";
import { deliveryEndpoints } from "./deliveries.ts";
import { environmentEndpoints } from "./environments.ts";
import { eventEndpoints } from "./events.ts";
import { invitationAnswerEndpoints } from "./invitation-answers.ts";
import { invitationBatchEndpoints } from "./invitation-batches.ts";
import { invitationChangeEndpoints } from "./invitation-changes.ts";
import { invitationResendEndpoints } from "./invitation-resends.ts";
import { invitationEndpoints } from "./invitations.ts";
import { membershipRoleEndpoints } from "./membership-roles.ts";
import { membershipEndpoints } from "./memberships.ts";
import { organizationDeletionEndpoints } from "./organization-deletions.ts";
import { organizationEndpoints } from "./organizations.ts";
import { permissionEndpoints } from "./permissions.ts";
import { receivedInvitationEndpoints } from "./received-invitations.ts";
import { rolePermissionEndpoints } from "./role-permissions.ts";
import { roleEndpoints } from "./roles.ts";
import { sessionEndpoints } from "./sessions.ts";
import { suppressionEndpoints } from "./suppressions.ts";
import { userRoleEndpoints } from "./user-roles.ts";
import { userEndpoints } from "./users.ts";

/** Every endpoint of the Management API, by import. */
export const allEndpoints: Endpoint[] = [
  ...apiClientEndpoints,
  ...assignableRoleEndpoints,
  ...deliveryEndpoints,
  ...environmentEndpoints,
  ...eventEndpoints,
  ...invitationAnswerEndpoints,
  ...invitationEndpoints,
  ...invitationBatchEndpoints,
  ...invitationChangeEndpoints,
  ...invitationResendEndpoints,
  ...membershipRoleEndpoints,
  ...membershipEndpoints,
  ...organizationDeletionEndpoints,
  ...organizationEndpoints,
  ...permissionEndpoints,
  ...receivedInvitationEndpoints,
  ...rolePermissionEndpoints,
  ...roleEndpoints,
  ...sessionEndpoints,
  ...suppressionEndpoints,
  ...userRoleEndpoints,
  ...userEndpoints,
];
