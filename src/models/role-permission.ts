import { BaseModel } from "./base-model.ts";

/** A permission a role has. */
export class RolePermission extends BaseModel {
  static override tableName = "role_permissions";

  declare role_id: string;
  declare permission_id: string;
}
