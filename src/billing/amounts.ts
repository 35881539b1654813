import { invalid } from "../errors.ts";

/** The given parts of a price, in integer cents. */
export interface GivenAmounts {
  subtotal_cents?: number | undefined;
  tax_cents?: number | undefined;
  discount_cents?: number | undefined;
  total_cents?: number | undefined;
}

/** The stored parts; the database computes the total. */
export interface Amounts {
  subtotal_cents: number;
  tax_cents: number;
  discount_cents: number;
}

/**
 * Completes a price by total = subtotal + tax − discount. Either subtotal or total may be left out.
 * @throws 422 when both are missing, when they disagree, or when the discount exceeds the rest.
 */
export function completeAmounts(given: GivenAmounts): Amounts {
  const { tax_cents = 0, discount_cents = 0, total_cents } = given;
  const subtotal_cents =
    given.subtotal_cents ??
    (total_cents === undefined ? undefined : total_cents - tax_cents + discount_cents);
  if (subtotal_cents === undefined)
    throw invalid("amount_missing", "total_cents: is required.", "/total_cents");
  const total = subtotal_cents + tax_cents - discount_cents;
  if (subtotal_cents < 0 || total < 0 || (total_cents !== undefined && total_cents !== total)) {
    throw invalid(
      "amounts_disagree",
      "total_cents: must be subtotal_cents + tax_cents - discount_cents, and none of them negative.",
      "/total_cents",
    );
  }
  return { subtotal_cents, tax_cents, discount_cents };
}

/**
 * Completes a price that must be more than zero.
 * @throws what `completeAmounts` throws, 422 when it adds up to nothing.
 */
export function completePrice(given: GivenAmounts): Amounts {
  const amounts = completeAmounts(given);
  if (amounts.subtotal_cents + amounts.tax_cents > amounts.discount_cents) return amounts;
  throw invalid("amount_missing", "total_cents: must be more than 0.", "/total_cents");
}
