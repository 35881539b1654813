import { BaseModel } from "./base-model.ts";

export const BATCH_STATUSES = ["queued", "running", "completed", "canceled"] as const;
export type BatchStatus = (typeof BATCH_STATUSES)[number];

/** `invite`: invitations to one organization are made; `resend`: invitations there are, are sent once more. */
export const BATCH_KINDS = ["invite", "resend"] as const;

/** Many invitations, asked for at once and made or resent in the background. */
export class InvitationBatch extends BaseModel {
  static override tableName = "invitation_batches";

  declare kind: (typeof BATCH_KINDS)[number];
  /** Null: a program resends invitations of the whole environment. */
  declare organization_id: string | null;
  declare actor_kind: "operator" | "client" | "user";
  declare actor_user_id: string | null;
  /** The program, where one asked: its scopes are its rights. */
  declare actor_client_id: string | null;
  declare request_id: string | null;
  declare dry_run: boolean;
  declare status: BatchStatus;
  declare total_count: number;
  declare created_count: number;
  declare resent_count: number;
  declare failed_count: number;
  declare duplicate_count: number;
  declare started_at: Date | null;
  declare completed_at: Date | null;
  declare canceled_at: Date | null;
}
