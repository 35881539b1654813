import { BaseModel } from "./base-model.ts";

/** A role given to a user in the whole environment. */
export class UserRole extends BaseModel {
  static override tableName = "user_roles";

  declare user_id: string;
  declare role_id: string;
}
