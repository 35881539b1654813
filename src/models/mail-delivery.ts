import { BaseModel } from "./base-model.ts";

export const DELIVERY_STATES = ["pending", "sending", "sent", "failed", "suppressed", "unknown"] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];
export type MailKind =
  | "invitation"
  | "invitation-reminder"
  | "invitation-accepted"
  | "invitation-declined"
  | "invitation-expired"
  | "invitation-undelivered";

/** What can happen to an email: our own steps, and what a provider reports later. */
export const TIMELINE_WORDS = [
  "queued",
  "attempt",
  "sent",
  "deferred",
  "failed",
  "suppressed",
  "unknown",
  "lease_lost",
  "delivered",
  "bounced",
  "complained",
] as const;

export interface TimelineEntry {
  /** ISO 8601. */
  at: string;
  what: (typeof TIMELINE_WORDS)[number];
  smtp_code?: number;
  reply?: string;
}

/** One email to one address, with its history: outbox and ledger in one row. */
export class MailDelivery extends BaseModel {
  static override tableName = "mail_deliveries";

  /** The invitation's organization, which never changes. */
  declare organization_id: string;
  declare invitation_id: string;
  declare kind: MailKind;
  /** Grows only if another email is asked for; a retry keeps it. */
  declare seq: number;
  declare email: string;
  declare email_canonical: string;
  /** The user who asked for this email; null if a program or the schedule did. */
  declare sender_user_id: string | null;
  declare message_id: string | null;
  declare state: DeliveryState;
  declare attempts: number;
  declare ambiguous_attempts: number;
  declare due_at: Date | null;
  declare smtp_code: number | null;
  declare reply: string | null;
  declare sent_at: Date | null;
  /** In the order we learned of them. Omits `queued`, which `created_at` already records. */
  declare timeline: TimelineEntry[];
}
