import { z } from "zod";
import { cancelSubscription } from "../billing/cancel-subscription.ts";
import { createSubscription } from "../billing/create-subscription.ts";
import { subscriptions } from "../billing/resource-kinds.ts";
import { updateSubscription } from "../billing/update-subscription.ts";
import { metadata, text } from "../http/attributes.ts";
import { endpoint } from "../http/endpoint.ts";
import { inPath, keyOf, namedIn, showing, shows } from "./bridge-resource.ts";
import { fields, optionalFields } from "./fields.ts";
import { ownerIn } from "./owner-in.ts";
import { setsBillingAddress } from "./resource-actions.ts";
import { resourceReads } from "./resource-reads.ts";
import { currency, eitherAmount, givenAmounts } from "./shapes/money.ts";
import { link, organizationId } from "./shapes/values.ts";
import { subscriptionResource as resource } from "./subscription-resource.ts";

const aliases = { price_cents: "total_cents" };

const newSubscription = z.strictObject({
  organization_id: organizationId,
  customer_id: link,
  payment_method_id: link,
  billing_address_id: link,
  product_id: text(200).nullish(),
  provider_id: text(100).nullish(),
  ...givenAmounts,
  currency,
  billing_interval: z.enum(["daily", "weekly", "monthly", "yearly"]).default("monthly"),
  interval_multiplier: z.number().int().min(1).max(12).default(1),
  trial_days: z.number().int().min(0).max(730).default(0),
  concept: text(200).nullish(),
  description: text(1_000).nullish(),
  metadata: metadata.optional(),
});
const changedSubscription = z.strictObject({
  payment_method_id: link,
  billing_address_id: link,
  metadata: metadata.optional(),
});
const cancellation = z.strictObject({
  cancel_at_period_end: z.boolean().default(true),
  reason: text(500).optional(),
});
export const subscriptionEndpoints = [
  ...resourceReads(resource),
  endpoint({
    method: "POST",
    path: "/bridge-payment/subscriptions",
    summary:
      "Record a subscription. It is `incomplete`, or `trialing`, until a provider's word on it is reported.",
    who: "user",
    limit: "write",
    body: fields(newSubscription.meta(eitherAmount), aliases),
    organization: ({ body }) => namedIn(body),
    permission: subscriptions.manage,
    personal: true,
    answers: shows(resource, 201),
    async handle(request) {
      const { organization_id: _, ...values } = request.body;
      const created = await createSubscription(request.context, ownerIn(request), values, request.actor);
      return showing(resource, request, created, { status: 201 });
    },
  }),
  endpoint({
    method: "PUT",
    path: "/bridge-payment/subscriptions/:id",
    summary: "Change how a subscription is paid, or its metadata. What is left out stays.",
    who: "user",
    limit: "write",
    body: fields(changedSubscription),
    organization: inPath,
    permission: subscriptions.manage,
    personal: true,
    answers: shows(resource),
    async handle(request) {
      const { context, body, actor } = request;
      return showing(resource, request, await updateSubscription(context, keyOf(request), body, actor));
    },
  }),
  endpoint({
    method: "POST",
    path: "/bridge-payment/subscriptions/:id/cancel",
    summary: "Cancel a subscription at the end of its period, or with `cancel_at_period_end: false` now.",
    who: "user",
    limit: "write",
    body: optionalFields(cancellation),
    organization: inPath,
    permission: subscriptions.manage,
    personal: true,
    answers: shows(resource),
    async handle(request) {
      const { context, body, actor } = request;
      return showing(resource, request, await cancelSubscription(context, keyOf(request), body, actor));
    },
  }),
  setsBillingAddress(resource, updateSubscription),
];
