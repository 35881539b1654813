import { BaseModel } from "./base-model.ts";

export const BATCH_STATUSES = ["queued", "running", "completed", "canceled"] as const;
export type BatchStatus = (typeof BATCH_STATUSES)[number];

/** `invite` creates invitations to one organization; `resend` sends existing ones again. */
export const BATCH_KINDS = ["invite", "resend"] as const;

/** Many invitations requested at once, and created or resent in the background. */
export class InvitationBatch extends BaseModel {
  static override tableName = "invitation_batches";

  declare kind: (typeof BATCH_KINDS)[number];
  /** Null when a program resends invitations of the whole environment. */
  declare organization_id: string | null;
  declare actor_kind: "operator" | "client" | "user";
  declare actor_user_id: string | null;
  /** The program that asked, if one did: its scopes are its rights. */
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

export const BATCH_ROW_STATUSES = ["queued", "created", "resent", "failed", "duplicate", "canceled"] as const;
export type BatchRowStatus = (typeof BATCH_ROW_STATUSES)[number];

/** One row of a batch and its outcome. */
export class InvitationBatchRow extends BaseModel {
  static override tableName = "invitation_batch_rows";

  declare batch_id: string;
  /** Position in the request, from 1. */
  declare number: number;
  /** The line of the file it starts on, from 1. Cells may hold line breaks, so it can't be computed from `number`. */
  declare line: number | null;
  /** The invitation to send; null once that is done or canceled. */
  declare input: object | null;
  /** As it was sent; null unless it was a string. */
  declare email: string | null;
  declare status: BatchRowStatus;
  declare code: string | null;
  declare detail: string | null;
  /** The invitation that was created, or the one to resend. A dry run creates none. */
  declare invitation_id: string | null;
}
