import { z } from "zod";
import { subscriptions } from "../billing/resource-kinds.ts";
import type { Subscription } from "../models/shared-resources.ts";
import type { BridgeResource } from "./bridge-resource.ts";
import { subscriptionShape, subscriptionStatuses } from "./shapes/subscription-shape.ts";

export const subscriptionResource: BridgeResource<Subscription> = {
  kind: subscriptions,
  path: "/subscriptions",
  name: "Subscription",
  spoken: { one: "subscription", many: "subscriptions" },
  shape: subscriptionShape,
  scope: "subscriptions:read",
  largestPage: 100,
  derived: ({ status, cancel_at_period_end, current_period_end }) => ({
    next_billing_date: status === "canceled" || cancel_at_period_end ? null : current_period_end,
  }),
  filters: {
    status: {
      values: z.enum(subscriptionStatuses),
      narrow: (query, status) => void query.whereRaw("subscription_status(subscriptions) = ?", [status]),
    },
  },
  orders: { total_cents: "total_cents", price_cents: "total_cents" },
};
