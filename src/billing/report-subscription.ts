import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { invalid } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import type { Subscription, SubscriptionStatus } from "../models/shared-resources.ts";
import { columnsOf, lockResource } from "./find-resource.ts";
import { subscriptions } from "./resource-kinds.ts";
import { requireGoingOn } from "./update-subscription.ts";

export interface SubscriptionReport {
  status: SubscriptionStatus;
  provider_subscription_id?: string | undefined;
  current_period_start?: string | undefined;
  current_period_end?: string | undefined;
}

/**
 * Records a provider's word on a subscription: the seam for whoever takes the money.
 * @throws 404, 409 for one that is canceled, unless the report says just that, 422 for a period that ends before it begins.
 */
export function reportSubscription(
  { db }: Pick<Context, "db">,
  { id, environment_id }: { id: string; environment_id: string },
  report: SubscriptionReport,
  actor: Actor,
): Promise<Subscription> {
  return transaction(db, async (trx) => {
    const before = await lockResource(trx, subscriptions, { id, owner: { environment_id } });
    if (report.status !== "canceled") requireGoingOn(before);
    requirePeriod(before, report);
    const isEnd = report.status === "canceled" && before.status !== "canceled";
    const [subscription] = await trx("subscriptions")
      .where({ id })
      .update({
        ...report,
        updated_at: trx.fn.now(),
        ...(isEnd ? { canceled_at: trx.raw("coalesce(canceled_at, now())") } : {}),
      })
      .returning(columnsOf(trx, subscriptions));
    const { organization_id } = before;
    const data = { from: before.status, to: report.status };
    await recordEvents(trx, actor, [
      { type: "subscription.reported", environment_id, organization_id, subject_id: id, data },
    ]);
    return subscription;
  });
}

/** @throws 422 naming what was reported of the two. */
function requirePeriod(
  before: Subscription,
  { current_period_start, current_period_end }: SubscriptionReport,
) {
  const start = new Date(current_period_start ?? before.current_period_start);
  if (start < new Date(current_period_end ?? before.current_period_end)) return;
  const field = current_period_end === undefined ? "current_period_start" : "current_period_end";
  throw invalid("invalid_field", `${field}: the period must end after it began.`, `/${field}`);
}
