import { Model, raw } from "objection";

/**
 * The columns that all tables share. A column has one name from Postgres to JSON (snake_case), so nothing is mapped.
 * Columns are declared with `declare`, because a class field would add an `undefined` key to every row.
 */
export abstract class BaseModel extends Model {
  declare id: string;
  declare environment_id: string;
  declare created_at: Date;
  declare updated_at: Date;

  /** Sets the time of every change made through Objection; statements set it themselves. */
  override $beforeUpdate(): void {
    this.$set({ updated_at: raw("clock_timestamp()") });
  }

  static override get jsonAttributes(): string[] {
    return ["metadata", "public_metadata", "settings", "planned", "done", "reached", "data"];
  }
}
