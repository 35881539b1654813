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

/** What may happen to a mail: what we did, and what a provider told of it later. */
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

/** One mail to one address, with its history: the outbox and the ledger in one row. */
export class MailDelivery extends BaseModel {
  static override tableName = "mail_deliveries";

  /** That of the invitation, which never changes. */
  declare organization_id: string;
  declare invitation_id: string;
  declare kind: MailKind;
  /** Grows only when a person asks for another mail; a retry keeps it. */
  declare seq: number;
  declare email: string;
  declare email_canonical: string;
  /** The user who asked for this very email; null: a program or the schedule did. */
  declare sender_user_id: string | null;
  declare message_id: string | null;
  declare state: DeliveryState;
  declare attempts: number;
  declare ambiguous_attempts: number;
  declare due_at: Date | null;
  declare smtp_code: number | null;
  declare reply: string | null;
  declare sent_at: Date | null;
  /** In the order in which we came to know; that it was queued goes without saying. */
  declare timeline: TimelineEntry[];
}
