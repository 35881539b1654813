import { BaseModel } from "./base-model.ts";

export class Subscription extends BaseModel {
  static override tableName = "subscriptions";

  /** The creator: kept for ever. */
  declare user_id: string;
  /** Null: personal, or detached from an organization that was deleted. */
  declare organization_id: string | null;
  declare status: "active" | "canceled" | "past_due" | "incomplete" | "trialing" | "paused";
  declare description: string | null;
  declare currency: string;
  declare subtotal_cents: number;
  declare tax_cents: number;
  declare discount_cents: number;
  declare total_cents: number;
  declare billing_interval: "daily" | "weekly" | "monthly" | "yearly";
}
