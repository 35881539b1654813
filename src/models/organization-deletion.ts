import { BaseModel } from "./base-model.ts";

/** Rows per table. */
export type Counts = Record<string, number>;

/** The saga's row while an organization is being deleted, its receipt afterwards. */
export class OrganizationDeletion extends BaseModel {
  static override tableName = "organization_deletions";

  declare organization_id: string;
  declare organization_name: string;
  declare requested_by_user_id: string | null;
  declare state: "detaching" | "completed";
  declare planned: Counts;
  declare done: Counts;
  /** By table the last id that was worked off. */
  declare reached: Record<string, string>;
  declare completed_at: Date | null;
}
