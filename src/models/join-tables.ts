import { BaseModel } from "./base-model.ts";

/** A role granted to a member, in one organization. */
export class MembershipRole extends BaseModel {
  static override tableName = "membership_roles";

  /** The membership's organization, which never changes. */
  declare organization_id: string;
  declare membership_id: string;
  declare role_id: string;
}

/** A role granted to a user in the whole environment. */
export class UserRole extends BaseModel {
  static override tableName = "user_roles";

  declare user_id: string;
  declare role_id: string;
}

/** A permission a role has. */
export class RolePermission extends BaseModel {
  static override tableName = "role_permissions";

  declare role_id: string;
  declare permission_id: string;
}

/** A role that an invitation grants. */
export class InvitationRole extends BaseModel {
  static override tableName = "invitation_roles";
  static override idColumn = ["invitation_id", "role_id"];

  declare invitation_id: string;
  declare role_id: string;
}
