import type { Context } from "../context.ts";
import type { Actor } from "../events/record-events.ts";
import type { Payment } from "../models/shared-resources.ts";
import { completePrice, type GivenAmounts } from "./amounts.ts";
import type { Columns } from "./columns.ts";
import { createResource } from "./create-resource.ts";
import type { Owner } from "./owned-by.ts";
import { payments } from "./resource-kinds.ts";

export type NewPayment = Omit<Columns<Payment>, keyof GivenAmounts> & GivenAmounts;

/**
 * Records the intent to pay. No money moves: it waits for a payment method or for confirmation.
 * @throws what `createResource` throws, 422 for amounts that disagree or come to nothing.
 */
export async function createPayment(
  context: Pick<Context, "db">,
  owner: Owner,
  { subtotal_cents, tax_cents, discount_cents, total_cents, ...columns }: NewPayment,
  actor: Actor,
): Promise<Payment> {
  const amounts = completePrice({ subtotal_cents, tax_cents, discount_cents, total_cents });
  const status = columns.payment_method_id == null ? "requires_payment_method" : "requires_confirmation";
  return createResource(context, payments, owner, { ...columns, ...amounts, status }, actor);
}
