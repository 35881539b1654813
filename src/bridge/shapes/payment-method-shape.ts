import { z } from "zod";
import { resourceShape } from "./values.ts";

export const paymentMethodShape = resourceShape({
  type: z.enum(["card", "bank_account", "wallet"]),
  wallet_type: z.string().nullable(),
  provider_id: z.string().nullable(),
  provider_payment_method_token: z.string(),
  customer_id: z.string().nullable(),
  billing_address_id: z.string().nullable(),
  card_brand: z.string().nullable(),
  last_four: z.string().nullable(),
  expiry_month: z.string().nullable(),
  expiry_year: z.string().nullable(),
  alias: z.string().nullable(),
  is_default: z.boolean(),
});
