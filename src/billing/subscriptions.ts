import { raw } from "objection";
import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { conflict, invalid } from "../errors.ts";
import { type Actor, recordEvent } from "../events/record-events.ts";
import type { Subscription, SubscriptionStatus } from "../models/shared-resources.ts";
import { completeAmounts, type GivenAmounts } from "./amounts.ts";
import { createResource } from "./create-resource.ts";
import { type Columns, lockResource, type Owner, type ResourceKey } from "./owned-resources.ts";
import { subscriptions } from "./resource-kinds.ts";
import { updateResource, writeResource } from "./update-resource.ts";

type Interval = Pick<Subscription, "billing_interval" | "interval_multiplier">;

export type NewSubscription = Omit<Columns<Subscription>, keyof GivenAmounts | keyof Interval> &
  GivenAmounts &
  Interval & {
    /** Days before the first payment. */
    trial_days: number;
  };

const UNITS = { daily: "days", weekly: "weeks", monthly: "months", yearly: "years" } as const;

/**
 * Records a subscription. It stays `incomplete` or `trialing` until a provider's report is recorded.
 * @throws what `createResource` throws, 422 for amounts that disagree.
 */
export async function createSubscription(
  context: Pick<Context, "db">,
  owner: Owner,
  subscription: NewSubscription,
  actor: Actor,
): Promise<Subscription> {
  const { subtotal_cents, tax_cents, discount_cents, total_cents, trial_days, ...columns } = subscription;
  const amounts = completeAmounts({ subtotal_cents, tax_cents, discount_cents, total_cents });
  const trialEnd = raw("now() + make_interval(days => ?)", trial_days);
  const unit = UNITS[columns.billing_interval];
  const periodEnd = raw(`now() + make_interval(${unit} => ?)`, columns.interval_multiplier);
  const period =
    trial_days > 0
      ? { status: "trialing" as const, trial_end: trialEnd, current_period_end: trialEnd }
      : { current_period_end: periodEnd };
  return createResource(context, subscriptions, owner, { ...columns, ...amounts, ...period }, actor);
}

/** Changes a subscription that has not ended. @throws what `updateResource` throws, 409 for a canceled one. */
export function updateSubscription(
  context: Pick<Context, "db">,
  key: ResourceKey,
  change: Columns<Subscription>,
  actor: Actor,
): Promise<Subscription> {
  const columns = (subscription: Subscription) => {
    requireNotCanceled(subscription);
    return change;
  };
  return updateResource(context, subscriptions, key, { columns }, actor);
}

/**
 * Cancels a subscription, now or at the end of the paid period.
 * @throws what `updateResource` throws, 409 for a canceled one.
 */
export function cancelSubscription(
  context: Pick<Context, "db">,
  key: ResourceKey,
  { cancel_at_period_end, reason }: { cancel_at_period_end: boolean; reason?: string | undefined },
  actor: Actor,
): Promise<Subscription> {
  const columns = (subscription: Subscription): Columns<Subscription> => {
    requireNotCanceled(subscription);
    return {
      ...(cancel_at_period_end ? {} : { status: "canceled" }),
      cancel_at_period_end,
      canceled_at: raw("now()"),
      ...(reason === undefined ? {} : { cancel_reason: reason }),
    };
  };
  return updateResource(context, subscriptions, key, { columns, event: "subscription.canceled" }, actor);
}

export interface SubscriptionReport {
  status: SubscriptionStatus;
  provider_subscription_id?: string | undefined;
  current_period_start?: string | undefined;
  current_period_end?: string | undefined;
}

/**
 * Records a payment provider's report on a subscription.
 * @throws 404, 409 for a canceled one unless that is what is reported, 422 for a period that ends before it starts.
 */
export function reportSubscription(
  { db }: Pick<Context, "db">,
  { id, environment_id }: { id: string; environment_id: string },
  report: SubscriptionReport,
  actor: Actor,
): Promise<Subscription> {
  return transaction(db, async (trx) => {
    const before = await lockResource(trx, subscriptions, { id, owner: { environment_id } });
    if (report.status !== "canceled") requireNotCanceled(before);
    requirePeriod(before, report);
    const ends = report.status === "canceled" && before.status !== "canceled";
    const end = ends ? { canceled_at: raw("coalesce(canceled_at, now())") } : {};
    const subscription = await writeResource(trx, subscriptions, id, { ...report, ...end });
    const data = { from: before.status, to: report.status };
    await recordEvent(trx, actor, "subscription.reported", before, data);
    return subscription;
  });
}

function requireNotCanceled({ status }: Subscription): void {
  if (status === "canceled") throw conflict("subscription_canceled", "The subscription is canceled.");
}

function requirePeriod(
  before: Subscription,
  { current_period_start, current_period_end }: SubscriptionReport,
): void {
  const start = new Date(current_period_start ?? before.current_period_start);
  if (start < new Date(current_period_end ?? before.current_period_end)) return;
  const field = current_period_end === undefined ? "current_period_start" : "current_period_end";
  throw invalid("invalid_field", `${field}: the period must end after it began.`, `/${field}`);
}
