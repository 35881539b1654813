import type { Context } from "../context.ts";
import type { Actor } from "../events/record-events.ts";
import type { PaymentMethod } from "../models/shared-resources.ts";
import type { Columns } from "./columns.ts";
import type { ResourceKey } from "./find-resource.ts";
import { paymentMethods } from "./resource-kinds.ts";
import { updateResource } from "./update-resource.ts";

/** Changes what is known of a payment method; the provider's token stays. @throws what `updateResource` throws. */
export function updatePaymentMethod(
  context: Pick<Context, "db">,
  key: ResourceKey,
  change: Omit<Columns<PaymentMethod>, "provider_payment_method_token">,
  actor: Actor,
): Promise<PaymentMethod> {
  return updateResource(context, paymentMethods, key, { columns: change }, actor);
}
