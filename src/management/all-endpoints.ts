import type { Endpoint } from "../http/endpoint.ts";
import { apiClientEndpoints } from "./api-clients.ts";
import { deliveryEndpoints } from "./deliveries.ts";
import { environmentEndpoints } from "./environments.ts";
import { eventEndpoints } from "./events.ts";
import { invitationAnswerEndpoints } from "./invitation-answers.ts";
import { invitationEndpoints } from "./invitations.ts";
import { membershipRoleEndpoints } from "./membership-roles.ts";
import { membershipEndpoints } from "./memberships.ts";
import { organizationDeletionEndpoints } from "./organization-deletions.ts";
import { organizationEndpoints } from "./organizations.ts";
import { permissionEndpoints } from "./permissions.ts";
import { rolePermissionEndpoints } from "./role-permissions.ts";
import { roleEndpoints } from "./roles.ts";
import { sessionEndpoints } from "./sessions.ts";
import { userRoleEndpoints } from "./user-roles.ts";
import { userEndpoints } from "./users.ts";

/** Every endpoint of the Management API, by import. */
export const allEndpoints: Endpoint[] = [
  ...apiClientEndpoints,
  ...deliveryEndpoints,
  ...environmentEndpoints,
  ...eventEndpoints,
  ...invitationAnswerEndpoints,
  ...invitationEndpoints,
  ...membershipRoleEndpoints,
  ...membershipEndpoints,
  ...organizationDeletionEndpoints,
  ...organizationEndpoints,
  ...permissionEndpoints,
  ...rolePermissionEndpoints,
  ...roleEndpoints,
  ...sessionEndpoints,
  ...userRoleEndpoints,
  ...userEndpoints,
];
