import { BaseModel } from "./base-model.ts";

export class User extends BaseModel {
  static override tableName = "users";

  declare email: string;
  declare email_canonical: string;
  declare email_verified_at: Date | null;
  declare first_name: string | null;
  declare last_name: string | null;
  declare picture: string | null;
  /** Until when they can't send invitations. */
  declare inviting_paused_until: Date | null;
  /** Their id in the team's own systems. Like `metadata`, only programs set it. */
  declare external_id: string | null;
  declare metadata: Record<string, unknown>;
}
