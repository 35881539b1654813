import type { Context } from "../context.ts";
import { invalid } from "../errors.ts";
import type { Actor } from "../events/record-events.ts";
import type { Payment } from "../models/shared-resources.ts";
import type { Columns } from "./columns.ts";
import type { ResourceKey } from "./find-resource.ts";
import { payments } from "./resource-kinds.ts";
import { requirePending } from "./update-payment.ts";
import { updateResource } from "./update-resource.ts";

/**
 * Confirms a payment intent: from here on it is `processing`, for whoever takes the money to collect. What became of it
 * they report (`reportPayment`); nothing here pretends to know.
 * @throws what `updateResource` throws, 409 for one that is not pending, 422 without a payment method of the owner's.
 */
export function confirmPayment(
  context: Pick<Context, "db">,
  key: ResourceKey,
  change: Pick<Columns<Payment>, "payment_method_id" | "return_url" | "setup_future_usage">,
  actor: Actor,
): Promise<Payment> {
  const columns = (payment: Payment): Columns<Payment> => {
    requirePending(payment);
    const payment_method_id = change.payment_method_id ?? payment.payment_method_id;
    if (payment_method_id === null)
      throw invalid("payment_method_missing", "payment_method_id: is required.", "/payment_method_id");
    // Named where it stays, too, and so looked at again: with an organization gone it may be another's.
    return { ...change, payment_method_id, status: "processing", confirmed_at: context.db.fn.now() };
  };
  return updateResource(context, payments, key, { columns, event: "payment.confirmed" }, actor);
}
