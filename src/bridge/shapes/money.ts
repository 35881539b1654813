import { z } from "zod";

/** Beyond it nobody means it: ten thousand million in the unit of most currencies. */
const MOST_CENTS = 1_000_000_000_000;

/** An amount in the currency's smallest unit: a whole number, never a fraction. */
export const givenCents = z
  .number({ error: "must be a whole number of cents" })
  .int({ error: "must be a whole number of cents" })
  .min(0, { error: "may not be negative" })
  .max(MOST_CENTS, { error: `may be at most ${MOST_CENTS}` });

const CURRENCIES = new Set(Intl.supportedValuesOf("currency"));

/** ISO 4217, in either case. */
export const currency = z
  .string()
  .toUpperCase()
  .refine((code) => CURRENCIES.has(code), { error: "must be an ISO 4217 code such as USD" })
  .default("USD");

/** The parts of a price; what is missing is computed. */
export const givenAmounts = {
  subtotal_cents: givenCents.optional(),
  tax_cents: givenCents.optional(),
  discount_cents: givenCents.optional(),
  total_cents: givenCents.optional(),
};

/** JSON Schema of what the shape can't say: of these either may be left out, but not both (see `completeAmounts`). */
export const eitherAmount = { anyOf: [{ required: ["total_cents"] }, { required: ["subtotal_cents"] }] };
