import { BaseModel } from "./base-model.ts";

export const BATCH_STATUSES = ["queued", "running", "completed", "canceled"] as const;
export type BatchStatus = (typeof BATCH_STATUSES)[number];

/** Many invitations to one organization, asked for at once and made in the background. */
export class InvitationBatch extends BaseModel {
  static override tableName = "invitation_batches";

  declare organization_id: string;
  declare actor_kind: "operator" | "client" | "user";
  declare actor_user_id: string | null;
  /** The program, where one asked: its scopes are its rights. */
  declare actor_client_id: string | null;
  declare request_id: string | null;
  declare dry_run: boolean;
  declare status: BatchStatus;
  declare total_count: number;
  declare created_count: number;
  declare failed_count: number;
  declare duplicate_count: number;
  declare started_at: Date | null;
  declare completed_at: Date | null;
  declare canceled_at: Date | null;
}
