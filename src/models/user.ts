import { BaseModel } from "./base-model.ts";

export class User extends BaseModel {
  static override tableName = "users";

  declare email: string;
  declare email_canonical: string;
  declare email_verified_at: Date | null;
  declare first_name: string | null;
  declare last_name: string | null;
  declare picture: string | null;
  /** Until when they send no invitations. */
  declare inviting_paused_until: Date | null;
  /** What the team's own systems call them; written by programs alone, as is `metadata`. */
  declare external_id: string | null;
  declare metadata: Record<string, unknown>;
}
