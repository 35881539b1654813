import { BaseModel } from "./base-model.ts";

export const SUPPRESSION_REASONS = ["bounced", "complained", "opted_out"] as const;
export type SuppressionReason = (typeof SUPPRESSION_REASONS)[number];

/** An address that gets no email in one environment. It is created and deleted, never changed, so it has no `updated_at`. */
export class Suppression extends BaseModel {
  static override tableName = "suppressions";

  declare email_canonical: string;
  declare reason: SuppressionReason;
  declare detail: string | null;
}
