import { Model, raw } from "objection";

/**
 * What all tables share. A column has one name from Postgres to JSON (snake_case), so nothing is mapped.
 * Columns are `declare`d: a class field would become an own `undefined` key of every row.
 */
export abstract class BaseModel extends Model {
  declare id: string;
  declare environment_id: string;
  declare created_at: Date;
  declare updated_at: Date;

  /** Every change by Objection notes its time here; statements written by hand note it themselves. */
  override $beforeUpdate(): void {
    this.$set({ updated_at: raw("clock_timestamp()") });
  }

  static override get jsonAttributes(): string[] {
    return ["metadata", "public_metadata", "settings", "planned", "done", "reached", "data"];
  }
}
