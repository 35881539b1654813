import type { Context } from "../context.ts";
import type { Actor } from "../events/record-events.ts";
import type { Subscription } from "../models/shared-resources.ts";
import { completeAmounts, type GivenAmounts } from "./amounts.ts";
import type { Columns } from "./columns.ts";
import { createResource } from "./create-resource.ts";
import type { Owner } from "./owned-by.ts";
import { subscriptions } from "./resource-kinds.ts";

export interface NewSubscription extends GivenAmounts, Columns<Subscription> {
  subtotal_cents?: number | undefined;
  tax_cents?: number | undefined;
  discount_cents?: number | undefined;
  total_cents?: number | undefined;
  billing_interval: Subscription["billing_interval"];
  interval_multiplier: number;
  /** Days before the first payment. */
  trial_days: number;
}

const UNITS = { daily: "days", weekly: "weeks", monthly: "months", yearly: "years" } as const;

/**
 * Records a subscription. It stays `incomplete`, or `trialing`, until a provider's word on it is reported.
 * @throws what `createResource` throws, 422 for amounts that disagree.
 */
export async function createSubscription(
  context: Pick<Context, "db">,
  owner: Owner,
  subscription: NewSubscription,
  actor: Actor,
): Promise<Subscription> {
  const { db } = context;
  const { subtotal_cents, tax_cents, discount_cents, total_cents, trial_days, ...columns } = subscription;
  const amounts = completeAmounts({ subtotal_cents, tax_cents, discount_cents, total_cents });
  const trialEnd = db.raw("now() + make_interval(days => ?)", [trial_days]);
  const unit = UNITS[columns.billing_interval];
  const periodEnd = db.raw(`now() + make_interval(${unit} => ?)`, [columns.interval_multiplier]);
  const period =
    trial_days > 0
      ? { status: "trialing" as const, trial_end: trialEnd, current_period_end: trialEnd }
      : { current_period_end: periodEnd };
  return createResource(context, subscriptions, owner, { ...columns, ...amounts, ...period }, actor);
}
