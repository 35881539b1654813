import { BaseModel } from "./base-model.ts";

/** An entry of an environment's catalogue. Its name is `resource:action` and never changes. */
export class Permission extends BaseModel {
  static override tableName = "permissions";

  declare name: string;
  declare description: string | null;
  /** It gives nothing in an organization, so no owner has it. */
  declare environment_only: boolean;
}
