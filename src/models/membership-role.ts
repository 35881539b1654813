import { BaseModel } from "./base-model.ts";

/** A role given to a member, in one organization. */
export class MembershipRole extends BaseModel {
  static override tableName = "membership_roles";

  /** That of the membership, which never changes. */
  declare organization_id: string;
  declare membership_id: string;
  declare role_id: string;
}
