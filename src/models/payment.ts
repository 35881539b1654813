import { SharedResource } from "./shared-resource.ts";

/** Where nothing has been asked of the provider yet. */
export const PENDING_PAYMENT = ["requires_payment_method", "requires_confirmation"] as const;

export type PaymentStatus =
  | (typeof PENDING_PAYMENT)[number]
  | "requires_action"
  | "processing"
  | "succeeded"
  | "failed"
  | "canceled"
  | "refunded";

/** What is to be paid once; a payment intent is one that has not been confirmed. Amounts are integer cents. */
export class Payment extends SharedResource {
  static override tableName = "payments";

  declare status: PaymentStatus;
  declare currency: string;
  declare subtotal_cents: number;
  declare tax_cents: number;
  declare discount_cents: number;
  declare total_cents: number;
  declare customer_id: string | null;
  declare payment_method_id: string | null;
  declare provider_id: string | null;
  declare provider_payment_id: string | null;
  declare description: string | null;
  declare concept: string | null;
  declare reference_code: string | null;
  declare category: string | null;
  /** With commas between. */
  declare tags: string | null;
  declare setup_future_usage: "on_session" | "off_session" | null;
  declare return_url: string | null;
  declare failure_reason: string | null;
  declare confirmed_at: Date | null;
  /** When a provider's word on it was last recorded. */
  declare synced_at: Date | null;
  declare completed_at: Date | null;
}
