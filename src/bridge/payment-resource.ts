import { z } from "zod";
import { payments } from "../billing/resource-kinds.ts";
import { type Payment, PENDING_PAYMENT } from "../models/shared-resources.ts";
import type { BridgeResource } from "./bridge-resource.ts";
import { bySearch, byTime } from "./filters.ts";
import { paymentShape, paymentStatuses } from "./shapes/payment-shape.ts";

/** `pending`, as the payments list calls it: nothing has been asked of the provider yet. */
const PENDING = "pending";

export const paymentResource: BridgeResource<Payment> = {
  kind: payments,
  path: "/payments",
  name: "Payment",
  spoken: { one: "payment", many: "payments" },
  shape: paymentShape,
  scope: "payments:read",
  largestPage: 50,
  filters: {
    status: {
      values: z.enum([PENDING, ...paymentStatuses]),
      narrow: (query, status) =>
        void query.whereIn("status", status === PENDING ? [...PENDING_PAYMENT] : [status]),
    },
    search: bySearch(["description", "concept", "reference_code", "category", "tags"]),
    created_at_from: byTime("created_at", ">="),
    created_at_to: byTime("created_at", "<="),
  },
  orders: { total_cents: "total_cents", amount_cents: "total_cents", status: "status" },
};
