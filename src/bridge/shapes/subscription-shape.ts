import { z } from "zod";
import { cents, resourceShape, time } from "./values.ts";

export const subscriptionStatuses = [
  "active",
  "canceled",
  "past_due",
  "incomplete",
  "trialing",
  "paused",
] as const;

export const subscriptionShape = resourceShape({
  status: z.enum(subscriptionStatuses),
  customer_id: z.string().nullable(),
  payment_method_id: z.string().nullable(),
  billing_address_id: z.string().nullable(),
  product_id: z.string().nullable(),
  provider_id: z.string().nullable(),
  provider_subscription_id: z.string().nullable(),
  description: z.string().nullable(),
  concept: z.string().nullable(),
  currency: z.string(),
  subtotal_cents: cents,
  tax_cents: cents,
  discount_cents: cents,
  total_cents: cents,
  billing_interval: z.enum(["daily", "weekly", "monthly", "yearly"]),
  interval_multiplier: z.number().int(),
  trial_end: time.nullable(),
  current_period_start: time,
  current_period_end: time,
  /** Null once nothing more is to be paid. */
  next_billing_date: time.nullable(),
  cancel_at_period_end: z.boolean(),
  cancel_reason: z.string().nullable(),
  canceled_at: time.nullable(),
});
