import { z } from "zod";
import { resourceShape } from "./values.ts";

export const customerShape = resourceShape({
  provider_id: z.string().nullable(),
  provider_customer_id: z.string().nullable(),
  email: z.string(),
  name: z.string().nullable(),
  first_name: z.string().nullable(),
  last_name: z.string().nullable(),
  phone: z.string().nullable(),
});
