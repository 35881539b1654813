import type { Context } from "../context.ts";
import type { Actor } from "../events/record-events.ts";
import type { Subscription } from "../models/shared-resources.ts";
import type { ResourceKey } from "./find-resource.ts";
import { subscriptions } from "./resource-kinds.ts";
import { updateResource } from "./update-resource.ts";
import { requireGoingOn } from "./update-subscription.ts";

/**
 * Cancels a subscription: now, or at the end of the period that is paid for.
 * @throws what `updateResource` throws, 409 for one that is canceled.
 */
export function cancelSubscription(
  context: Pick<Context, "db">,
  key: ResourceKey,
  { cancel_at_period_end, reason }: { cancel_at_period_end: boolean; reason?: string | undefined },
  actor: Actor,
): Promise<Subscription> {
  const now = context.db.fn.now();
  const end = cancel_at_period_end
    ? { cancel_at_period_end }
    : { status: "canceled" as const, cancel_at_period_end };
  const columns = (subscription: Subscription) => {
    requireGoingOn(subscription);
    return { ...end, canceled_at: now, ...(reason === undefined ? {} : { cancel_reason: reason }) };
  };
  return updateResource(context, subscriptions, key, { columns, event: "subscription.canceled" }, actor);
}
