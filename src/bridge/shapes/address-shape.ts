import { z } from "zod";
import { resourceShape } from "./values.ts";

export const addressShape = resourceShape({
  type: z.enum(["billing", "shipping", "both"]),
  alias: z.string().nullable(),
  name: z.string().nullable(),
  line1: z.string().nullable(),
  line2: z.string().nullable(),
  city: z.string().nullable(),
  state: z.string().nullable(),
  postal_code: z.string().nullable(),
  country: z.string(),
  phone: z.string().nullable(),
  email: z.string().nullable(),
  is_partial: z.boolean(),
  is_business: z.boolean(),
  business_name: z.string().nullable(),
  tax_id: z.string().nullable(),
  tax_id_type: z.string().nullable(),
  is_default: z.boolean(),
});
