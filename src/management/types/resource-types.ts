import type { ResourceType } from "../reading/resource-type.ts";
import { apiClientType } from "./api-client-type.ts";
import { deliveryType } from "./delivery-type.ts";
import { environmentType } from "./environment-type.ts";
import { eventType } from "./event-type.ts";
import { invitationBatchRowType } from "./invitation-batch-row-type.ts";
import { invitationBatchType } from "./invitation-batch-type.ts";
import { invitationType } from "./invitation-type.ts";
import { membershipRoleType } from "./membership-role-type.ts";
import { membershipType } from "./membership-type.ts";
import { organizationDeletionType } from "./organization-deletion-type.ts";
import { organizationType } from "./organization-type.ts";
import { permissionType } from "./permission-type.ts";
import { receivedInvitationType } from "./received-invitation-type.ts";
import { rolePermissionType } from "./role-permission-type.ts";
import { roleType } from "./role-type.ts";
import { sessionType } from "./session-type.ts";
import { suppressionType } from "./suppression-type.ts";
import { userRoleType } from "./user-role-type.ts";
import { userType } from "./user-type.ts";

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
