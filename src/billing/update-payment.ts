import type { Context } from "../context.ts";
import { conflict } from "../errors.ts";
import type { Actor } from "../events/record-events.ts";
import { type Payment, PENDING_PAYMENT } from "../models/shared-resources.ts";
import { completePrice } from "./amounts.ts";
import type { Columns } from "./columns.ts";
import type { ResourceKey } from "./find-resource.ts";
import { payments } from "./resource-kinds.ts";
import { updateResource } from "./update-resource.ts";

export interface PaymentChange extends Columns<Payment> {
  /** With the tax and discount it has, what is left is the subtotal. */
  total_cents?: number;
}

/** Changes a payment intent that has not been confirmed. @throws what `updateResource` throws, 409 afterwards, 422. */
export function updatePayment(
  context: Pick<Context, "db">,
  key: ResourceKey,
  { total_cents, ...change }: PaymentChange,
  actor: Actor,
): Promise<Payment> {
  const columns = (payment: Payment) => {
    requirePending(payment);
    const { tax_cents, discount_cents } = payment;
    return total_cents === undefined
      ? change
      : { ...change, ...completePrice({ tax_cents, discount_cents, total_cents }) };
  };
  return updateResource(context, payments, key, { columns }, actor);
}

/** @throws 409. */
export function requirePending({ status }: Payment): void {
  if (PENDING_PAYMENT.some((pending) => pending === status)) return;
  throw conflict("payment_not_pending", `The payment is ${status}: only a pending one can be changed.`);
}
