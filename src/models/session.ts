import { BaseModel } from "./base-model.ts";

export class Session extends BaseModel {
  static override tableName = "sessions";
  static readonly LIFETIME_DAYS = 30;

  declare user_id: string;
  /** The user who started it for someone else; null otherwise. */
  declare started_by_user_id: string | null;
  declare token_hash: Buffer;
  declare ip: string | null;
  declare user_agent: string | null;
  declare last_active_at: Date;
  declare expires_at: Date;
  declare revoked_at: Date | null;
  /** Null for Guildhall's own sessions; for another service's, until when its validation holds. */
  declare validated_until: Date | null;
}
