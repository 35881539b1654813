import type { Context } from "../context.ts";
import { conflict } from "../errors.ts";
import type { Actor } from "../events/record-events.ts";
import type { Subscription } from "../models/shared-resources.ts";
import type { Columns } from "./columns.ts";
import type { ResourceKey } from "./find-resource.ts";
import { subscriptions } from "./resource-kinds.ts";
import { updateResource } from "./update-resource.ts";

/** Changes a subscription that is not over. @throws what `updateResource` throws, 409 for a canceled one. */
export function updateSubscription(
  context: Pick<Context, "db">,
  key: ResourceKey,
  change: Columns<Subscription>,
  actor: Actor,
): Promise<Subscription> {
  const columns = (subscription: Subscription) => {
    requireGoingOn(subscription);
    return change;
  };
  return updateResource(context, subscriptions, key, { columns }, actor);
}

/** @throws 409. */
export function requireGoingOn({ status }: Subscription): void {
  if (status === "canceled") throw conflict("subscription_canceled", "The subscription is canceled.");
}
