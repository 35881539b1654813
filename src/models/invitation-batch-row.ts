import { BaseModel } from "./base-model.ts";

export const BATCH_ROW_STATUSES = ["queued", "created", "resent", "failed", "duplicate", "canceled"] as const;
export type BatchRowStatus = (typeof BATCH_ROW_STATUSES)[number];

/** One row of a batch and what became of it. */
export class InvitationBatchRow extends BaseModel {
  static override tableName = "invitation_batch_rows";

  declare batch_id: string;
  /** Its place in what was sent, from 1. */
  declare number: number;
  /** Where it begins in a file, from 1. A cell may hold line breaks, so it is no sum of `number`. */
  declare line: number | null;
  /** What to invite; null once that is done or canceled. */
  declare input: object | null;
  /** As it was sent, as far as it was a text. */
  declare email: string | null;
  declare status: BatchRowStatus;
  declare code: string | null;
  declare detail: string | null;
  /** The one that was made, and of a dry run none; or the one to resend. */
  declare invitation_id: string | null;
}
