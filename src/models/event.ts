import { BaseModel } from "./base-model.ts";

/** A record of what happened, written by `recordEvents` and by statements, never changed. */
export class Event extends BaseModel {
  static override tableName = "events";

  declare type: string;
  declare actor_kind: "operator" | "client" | "user" | "invitee" | "system";
  declare actor_user_id: string | null;
  declare organization_id: string | null;
  declare subject_id: string;
  declare data: Record<string, unknown>;
  declare request_id: string | null;
}
