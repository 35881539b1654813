import { BaseModel } from "./base-model.ts";

export const SUPPRESSION_REASONS = ["bounced", "complained", "opted_out"] as const;
export type SuppressionReason = (typeof SUPPRESSION_REASONS)[number];

/** An address no mail goes to, in one environment. It is made and deleted, never changed: no `updated_at`. */
export class Suppression extends BaseModel {
  static override tableName = "suppressions";

  declare email_canonical: string;
  declare reason: SuppressionReason;
  declare detail: string | null;
}
