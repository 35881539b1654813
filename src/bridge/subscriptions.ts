import { z } from "zod";
import { program } from "../access/allow.ts";
import { subscriptions } from "../billing/resource-kinds.ts";
import {
  cancelSubscription,
  createSubscription,
  reportSubscription,
  updateSubscription,
} from "../billing/subscriptions.ts";
import { described, LATER, text, time, withExample } from "../http/attributes.ts";
import { endpoint } from "../http/endpoint.ts";
import { exampleId } from "../lib/id.ts";
import { SUBSCRIPTION_STATUSES, type Subscription } from "../models/shared-resources.ts";
import {
  type BridgeResource,
  billing_address_id,
  eitherAmount,
  givenTime,
  link,
  nullable,
  optional,
  price,
  provider_id,
  recordOf,
  sample,
  shared,
  showing,
  shows,
} from "./bridge-resource.ts";
import { fields, optionalFields } from "./fields.ts";
import { keyOf } from "./owner-in.ts";
import { changes, creates, setsBillingAddress } from "./resource-endpoints.ts";
import { reads } from "./resource-reads.ts";

const REASON = "We grew out of it";
const PERIOD_START = "2026-11-20T09:30:00.000Z";
const PERIOD_END = "2026-12-20T09:30:00.000Z";

const given = {
  customer_id: link("cust", "A customer of the same owner."),
  payment_method_id: link("pm", "A payment method of the same owner."),
  billing_address_id,
  product_id: described(text(200).nullable(), "Your name for the product.", "team-plan"),
  provider_id,
  description: nullable(text(1_000), "Team plan"),
  ...price(49_900),
  billing_interval: described(
    z.enum(["daily", "weekly", "monthly", "yearly"]),
    "How often it is billed.",
    "monthly",
  ),
  interval_multiplier: described(
    z.number().int().min(1).max(12),
    "Intervals between payments: 3 with `monthly` means quarterly.",
    1,
  ),
};
const columns = {
  ...given,
  status: described(
    z.enum(SUBSCRIPTION_STATUSES),
    "`incomplete` or `trialing` until a provider's result is reported; `canceled` once it has ended.",
    "active",
  ),
  provider_subscription_id: described(
    text(200).nullable(),
    "The provider's id for it, once reported.",
    "sub_1QxZ",
  ),
  trial_end: time.nullable().describe("When the trial ends; null without a trial."),
  current_period_start: withExample(time, PERIOD_START),
  current_period_end: described(time, "The end of the paid period, or of the trial.", PERIOD_END),
  next_billing_date: described(
    time.nullable(),
    "When the next payment is due; null if there is none.",
    PERIOD_END,
  ),
  cancel_at_period_end: described(
    z.boolean(),
    "Whether it ends with its period. Canceling with `false` ends it now.",
    false,
  ),
  cancel_reason: text(500).nullable(),
  canceled_at: time
    .nullable()
    .describe("When it was canceled. With `cancel_at_period_end` it continues to the end of the period."),
};
const newSubscription = z
  .strictObject({ ...given, ...shared })
  .partial()
  .extend({
    currency: given.currency.default("USD"),
    billing_interval: given.billing_interval.default("monthly"),
    interval_multiplier: given.interval_multiplier.default(1),
    trial_days: z.number().int().min(0).max(730).default(0).describe("Days until the first payment is due."),
  })
  .meta({
    ...eitherAmount,
    ...sample(given, [
      "organization_id",
      "customer_id",
      "payment_method_id",
      "billing_address_id",
      "product_id",
      "total_cents",
      "currency",
      "billing_interval",
      "description",
    ]),
  });
const changedSubscription = z
  .strictObject({
    payment_method_id: given.payment_method_id,
    billing_address_id,
    metadata: shared.metadata,
  })
  .partial()
  .meta({ examples: [{ payment_method_id: exampleId("pm"), metadata: { seats: 12 } }] });
const cancellation = z
  .strictObject({
    cancel_at_period_end: columns.cancel_at_period_end.default(true),
    reason: text(500).optional().describe("The reason in your words; becomes `cancel_reason`."),
  })
  .meta({ examples: [{ cancel_at_period_end: true, reason: REASON }] });
const report = z
  .strictObject({
    status: columns.status,
    provider_subscription_id: optional(columns.provider_subscription_id),
    current_period_start: givenTime.optional(),
    current_period_end: givenTime.optional().describe("The end of the paid period, or of the trial."),
  })
  .meta(
    sample(columns, ["status", "provider_subscription_id", "current_period_start", "current_period_end"]),
  );
const aliases = { price_cents: "total_cents" };

const resource: BridgeResource<Subscription> = {
  kind: subscriptions,
  path: "/subscriptions",
  name: "Subscription",
  plural: "Subscriptions",
  shape: recordOf("sub", columns),
  scope: "subscriptions:read",
  largestPage: 100,
  derived: ({ status, cancel_at_period_end, current_period_end }) => ({
    next_billing_date: status === "canceled" || cancel_at_period_end ? null : current_period_end,
  }),
  filters: {
    status: {
      values: z.enum(SUBSCRIPTION_STATUSES).describe("Only those with this status."),
      narrow: (query, status) => void query.whereRaw("subscription_status(subscriptions) = ?", [status]),
    },
  },
  orders: { total_cents: "total_cents", price_cents: "total_cents" },
};

export const subscriptionEndpoints = [
  ...reads(resource),
  creates(resource, {
    operationId: "bridgeCreateSubscription",
    summary: "Record a subscription. It is `incomplete` or `trialing` until a provider's result is reported.",
    body: fields(newSubscription, aliases),
    example: { status: "incomplete", provider_subscription_id: null },
    create: createSubscription,
  }),
  changes(resource, {
    operationId: "bridgeUpdateSubscription",
    summary: "Change how a subscription is paid, or its metadata. Fields that are left out stay.",
    body: fields(changedSubscription),
    change: updateSubscription,
  }),
  changes(resource, {
    method: "POST",
    path: "/subscriptions/:id/cancel",
    operationId: "bridgeCancelSubscription",
    summary: "Cancel a subscription at the end of its period, or now with `cancel_at_period_end: false`.",
    body: optionalFields(cancellation),
    example: { cancel_reason: REASON, canceled_at: LATER, updated_at: LATER, next_billing_date: null },
    change: cancelSubscription,
  }),
  setsBillingAddress(resource, updateSubscription),
  endpoint({
    method: "POST",
    path: "/bridge-payment/subscriptions/:id/sync",
    operationId: "bridgeSyncSubscription",
    summary: "Report a payment provider's result for a subscription.",
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
