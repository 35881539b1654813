import { SharedResource } from "./shared-resource.ts";

export class PaymentMethod extends SharedResource {
  static override tableName = "payment_methods";

  declare type: "card" | "bank_account" | "wallet";
  declare wallet_type: string | null;
  declare provider_id: string | null;
  /** What the provider calls it; never a card's number. */
  declare provider_payment_method_token: string;
  declare customer_id: string | null;
  declare billing_address_id: string | null;
  declare card_brand: string | null;
  declare last_four: string | null;
  declare expiry_month: string | null;
  declare expiry_year: string | null;
  declare alias: string | null;
  /** The owner's one default. */
  declare is_default: boolean;
}
