import { SharedResource } from "./shared-resource.ts";

export type SubscriptionStatus = "active" | "canceled" | "past_due" | "incomplete" | "trialing" | "paused";

/** What is to be paid again and again. Amounts are integer cents; total = subtotal + tax − discount. */
export class Subscription extends SharedResource {
  static override tableName = "subscriptions";

  declare status: SubscriptionStatus;
  declare customer_id: string | null;
  declare payment_method_id: string | null;
  declare billing_address_id: string | null;
  declare product_id: string | null;
  declare provider_id: string | null;
  declare provider_subscription_id: string | null;
  declare description: string | null;
  declare concept: string | null;
  declare currency: string;
  declare subtotal_cents: number;
  declare tax_cents: number;
  declare discount_cents: number;
  declare total_cents: number;
  declare billing_interval: "daily" | "weekly" | "monthly" | "yearly";
  /** Intervals between two payments, 1 to 12. */
  declare interval_multiplier: number;
  declare trial_end: Date | null;
  declare current_period_start: Date;
  declare current_period_end: Date;
  declare cancel_at_period_end: boolean;
  declare cancel_reason: string | null;
  declare canceled_at: Date | null;
}
