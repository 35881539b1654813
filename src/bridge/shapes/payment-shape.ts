import { z } from "zod";
import { cents, resourceShape, time } from "./values.ts";

export const paymentStatuses = [
  "requires_payment_method",
  "requires_confirmation",
  "requires_action",
  "processing",
  "succeeded",
  "failed",
  "canceled",
  "refunded",
] as const;

export const paymentShape = resourceShape({
  status: z.enum(paymentStatuses),
  currency: z.string(),
  subtotal_cents: cents,
  tax_cents: cents,
  discount_cents: cents,
  total_cents: cents,
  customer_id: z.string().nullable(),
  payment_method_id: z.string().nullable(),
  provider_id: z.string().nullable(),
  provider_payment_id: z.string().nullable(),
  description: z.string().nullable(),
  concept: z.string().nullable(),
  reference_code: z.string().nullable(),
  category: z.string().nullable(),
  tags: z.string().nullable(),
  setup_future_usage: z.enum(["on_session", "off_session"]).nullable(),
  return_url: z.string().nullable(),
  failure_reason: z.string().nullable(),
  confirmed_at: time.nullable(),
  synced_at: time.nullable(),
  completed_at: time.nullable(),
});
