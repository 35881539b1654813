import { BaseModel } from "./base-model.ts";

/** A resource an organization can share. Its creator keeps it when the organization is deleted. */
export abstract class SharedResource extends BaseModel {
  declare user_id: string;
  /** Null when it belongs to its creator alone. */
  declare organization_id: string | null;
  declare metadata: Record<string, unknown>;
}

/** A person or company a payment provider charges. */
export class Customer extends SharedResource {
  static override tableName = "customers";

  declare provider_id: string | null;
  declare provider_customer_id: string | null;
  declare email: string;
  declare name: string | null;
  declare first_name: string | null;
  declare last_name: string | null;
  declare phone: string | null;
}

export class Address extends SharedResource {
  static override tableName = "addresses";

  declare type: "billing" | "shipping" | "both";
  declare alias: string | null;
  declare name: string | null;
  declare line1: string | null;
  declare line2: string | null;
  declare city: string | null;
  declare state: string | null;
  declare postal_code: string | null;
  /** ISO 3166-1, two letters. */
  declare country: string;
  declare phone: string | null;
  declare email: string | null;
  /** True while `line1` and `city` may be missing. */
  declare is_partial: boolean;
  declare is_business: boolean;
  declare business_name: string | null;
  declare tax_id: string | null;
  declare tax_id_type: string | null;
  /** Each owner has one default of each type. */
  declare is_default: boolean;
}

export class PaymentMethod extends SharedResource {
  static override tableName = "payment_methods";

  declare type: "card" | "bank_account" | "wallet";
  declare wallet_type: string | null;
  declare provider_id: string | null;
  /** The provider's token for it; never a card number. */
  declare provider_payment_method_token: string;
  declare customer_id: string | null;
  declare billing_address_id: string | null;
  declare card_brand: string | null;
  declare last_four: string | null;
  declare expiry_month: string | null;
  declare expiry_year: string | null;
  declare alias: string | null;
  /** Each owner has one default. */
  declare is_default: boolean;
}

export const SUBSCRIPTION_STATUSES = [
  "active",
  "canceled",
  "past_due",
  "incomplete",
  "trialing",
  "paused",
] as const;
export type SubscriptionStatus = (typeof SUBSCRIPTION_STATUSES)[number];

/** A recurring payment. Amounts are integer cents; total = subtotal + tax − discount. */
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

/** Statuses in which nothing has been asked of the provider yet. */
export const PENDING_PAYMENT = ["requires_payment_method", "requires_confirmation"] as const;

export const PAYMENT_STATUSES = [
  ...PENDING_PAYMENT,
  "requires_action",
  "processing",
  "succeeded",
  "failed",
  "canceled",
  "refunded",
] as const;
export type PaymentStatus = (typeof PAYMENT_STATUSES)[number];

/** A single payment. Until it is confirmed it is a payment intent. Amounts are integer cents. */
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
  /** Comma-separated. */
  declare tags: string | null;
  declare setup_future_usage: "on_session" | "off_session" | null;
  declare return_url: string | null;
  declare failure_reason: string | null;
  declare confirmed_at: Date | null;
  /** When the provider's last report was recorded. */
  declare synced_at: Date | null;
  declare completed_at: Date | null;
}
