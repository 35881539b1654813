import { z } from "zod";
import { program } from "../access/allow.ts";
import { subscriptions } from "../billing/resource-kinds.ts";
import {
  cancelSubscription,
  createSubscription,
  reportSubscription,
  updateSubscription,
} from "../billing/subscriptions.ts";
import { text } from "../http/attributes.ts";
import { endpoint } from "../http/endpoint.ts";
import { SUBSCRIPTION_STATUSES, type Subscription } from "../models/shared-resources.ts";
import {
  type BridgeResource,
  eitherAmount,
  givenTime,
  link,
  price,
  recordOf,
  shared,
  showing,
  shows,
} from "./bridge-resource.ts";
import { time } from "./envelope.ts";
import { fields, optionalFields } from "./fields.ts";
import { keyOf } from "./owner-in.ts";
import { changes, creates, reads, setsBillingAddress } from "./resource-endpoints.ts";

const columns = {
  status: z.enum(SUBSCRIPTION_STATUSES),
  customer_id: link,
  payment_method_id: link,
  billing_address_id: link,
  product_id: text(200).nullable(),
  provider_id: text(100).nullable(),
  provider_subscription_id: text(200).nullable(),
  description: text(1_000).nullable(),
  concept: text(200).nullable(),
  ...price,
  billing_interval: z.enum(["daily", "weekly", "monthly", "yearly"]),
  interval_multiplier: z.number().int().min(1).max(12),
  trial_end: time.nullable(),
  current_period_start: time,
  current_period_end: time,
  /** Null once nothing more is due. */
  next_billing_date: time.nullable(),
  cancel_at_period_end: z.boolean(),
  cancel_reason: text(500).nullable(),
  canceled_at: time.nullable(),
};
const rules = z.strictObject({ ...columns, ...shared });
const newSubscription = rules
  .pick({
    organization_id: true,
    customer_id: true,
    payment_method_id: true,
    billing_address_id: true,
    product_id: true,
    provider_id: true,
    subtotal_cents: true,
    tax_cents: true,
    discount_cents: true,
    total_cents: true,
    concept: true,
    description: true,
    metadata: true,
  })
  .partial()
  .extend({
    currency: columns.currency.default("USD"),
    billing_interval: columns.billing_interval.default("monthly"),
    interval_multiplier: columns.interval_multiplier.default(1),
    trial_days: z.number().int().min(0).max(730).default(0),
  })
  .meta(eitherAmount);
const changedSubscription = rules
  .pick({ payment_method_id: true, billing_address_id: true, metadata: true })
  .partial();
const cancellation = z.strictObject({
  cancel_at_period_end: columns.cancel_at_period_end.default(true),
  reason: columns.cancel_reason.unwrap().optional(),
});
const report = z.strictObject({
  status: columns.status,
  provider_subscription_id: columns.provider_subscription_id.unwrap().optional(),
  current_period_start: givenTime.optional(),
  current_period_end: givenTime.optional(),
});
const aliases = { price_cents: "total_cents" };

const resource: BridgeResource<Subscription> = {
  kind: subscriptions,
  path: "/subscriptions",
  name: "Subscription",
  spoken: { one: "subscription", many: "subscriptions" },
  shape: recordOf(columns),
  scope: "subscriptions:read",
  largestPage: 100,
  derived: ({ status, cancel_at_period_end, current_period_end }) => ({
    next_billing_date: status === "canceled" || cancel_at_period_end ? null : current_period_end,
  }),
  filters: {
    status: {
      values: columns.status,
      narrow: (query, status) => void query.whereRaw("subscription_status(subscriptions) = ?", [status]),
    },
  },
  orders: { total_cents: "total_cents", price_cents: "total_cents" },
};

export const subscriptionEndpoints = [
  ...reads(resource),
  creates(resource, {
    summary:
      "Record a subscription. It is `incomplete`, or `trialing`, until a provider's word on it is reported.",
    body: fields(newSubscription, aliases),
    create: createSubscription,
  }),
  changes(resource, {
    summary: "Change how a subscription is paid, or its metadata. What is left out stays.",
    body: fields(changedSubscription),
    change: updateSubscription,
  }),
  changes(resource, {
    method: "POST",
    path: "/subscriptions/:id/cancel",
    summary: "Cancel a subscription at the end of its period, or with `cancel_at_period_end: false` now.",
    body: optionalFields(cancellation),
    change: cancelSubscription,
  }),
  setsBillingAddress(resource, updateSubscription),
  endpoint({
    method: "POST",
    path: "/bridge-payment/subscriptions/:id/sync",
    summary: "Report what a payment provider says of a subscription.",
    allow: program("subscriptions:write"),
    limit: "write",
    body: fields(report),
    answers: shows(resource),
    async handle(request) {
      const { context, body, actor } = request;
      return showing(resource, request, await reportSubscription(context, keyOf(request), body, actor));
    },
  }),
];
