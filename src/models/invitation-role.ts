import { BaseModel } from "./base-model.ts";

/** A role that an invitation gives. */
export class InvitationRole extends BaseModel {
  static override tableName = "invitation_roles";
  static override idColumn = ["invitation_id", "role_id"];

  declare invitation_id: string;
  declare role_id: string;
}
