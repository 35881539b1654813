import { z } from "zod";
import { inPath, member } from "../access/allow.ts";
import { findResource } from "../billing/owned-resources.ts";
import { confirmPayment, createPayment, reportPayment, updatePayment } from "../billing/payments.ts";
import { payments } from "../billing/resource-kinds.ts";
import { forbidden } from "../errors.ts";
import { text, webAddress } from "../http/attributes.ts";
import { endpoint } from "../http/endpoint.ts";
import { PAYMENT_STATUSES, type Payment, PENDING_PAYMENT } from "../models/shared-resources.ts";
import {
  type BridgeResource,
  eitherAmount,
  link,
  price,
  recordOf,
  shared,
  showing,
  shows,
} from "./bridge-resource.ts";
import { time } from "./envelope.ts";
import { fields, optionalFields } from "./fields.ts";
import { bySearch, byTime } from "./list-query.ts";
import { accessIn, keyOf } from "./owner-in.ts";
import { changes, creates, reads } from "./resource-endpoints.ts";

const columns = {
  status: z.enum(PAYMENT_STATUSES),
  ...price,
  customer_id: link,
  payment_method_id: link,
  provider_id: text(100).nullable(),
  provider_payment_id: text(200).nullable(),
  description: text(1_000).nullable(),
  concept: text(200).nullable(),
  reference_code: text(200).nullable(),
  category: text(100).nullable(),
  tags: text(500).nullable(),
  setup_future_usage: z.enum(["on_session", "off_session"]).nullable(),
  return_url: webAddress.nullable(),
  failure_reason: text(500).nullable(),
  confirmed_at: time.nullable(),
  synced_at: time.nullable(),
  completed_at: time.nullable(),
};
const rules = z.strictObject({ ...columns, ...shared });
const newPayment = rules
  .omit({
    status: true,
    provider_payment_id: true,
    failure_reason: true,
    confirmed_at: true,
    synced_at: true,
    completed_at: true,
  })
  .partial()
  .extend({ currency: columns.currency.default("USD") })
  .meta(eitherAmount);
const changedPayment = rules
  .pick({
    total_cents: true,
    currency: true,
    description: true,
    customer_id: true,
    setup_future_usage: true,
    metadata: true,
  })
  .partial();
const confirmation = z.strictObject({
  payment_method_id: link.unwrap().optional(),
  return_url: webAddress.optional(),
  save_payment_method: z.boolean().default(false),
});
const report = fields(
  z.strictObject({
    status: columns.status,
    provider_payment_id: columns.provider_payment_id.unwrap().optional(),
    failure_reason: columns.failure_reason.unwrap().optional(),
  }),
);
const aliases = { amount_cents: "total_cents" };

/** A filter for payments that have not been confirmed. */
const PENDING = "pending";

const resource: BridgeResource<Payment> = {
  kind: payments,
  path: "/payments",
  name: "Payment",
  spoken: { one: "payment", many: "payments" },
  shape: recordOf(columns),
  scope: "payments:read",
  largestPage: 50,
  filters: {
    status: {
      values: z.enum([PENDING, ...PAYMENT_STATUSES]),
      narrow: (query, status) =>
        void query.whereIn("status", status === PENDING ? [...PENDING_PAYMENT] : [status]),
    },
    search: bySearch(["description", "concept", "reference_code", "category", "tags"]),
    created_at_from: byTime("created_at", ">="),
    created_at_to: byTime("created_at", "<="),
  },
  orders: { total_cents: "total_cents", amount_cents: "total_cents", status: "status" },
};

export const paymentEndpoints = [
  ...reads(resource),
  creates(resource, {
    path: "/payments/intents",
    summary: "Record the intent to pay. No money moves.",
    body: fields(newPayment, aliases),
    create: createPayment,
  }),
  changes(resource, {
    path: "/payments/intents/:id",
    summary: "Change a payment intent while it is pending. What is left out stays.",
    body: fields(changedPayment, aliases),
    change: updatePayment,
  }),
  changes(resource, {
    method: "POST",
    path: "/payments/intents/:id/confirm",
    summary: "Confirm a payment intent: it is `processing` until what became of it is reported.",
    body: optionalFields(confirmation),
    change(context, key, { save_payment_method, ...values }, actor) {
      const kept = save_payment_method ? { setup_future_usage: "off_session" as const } : {};
      return confirmPayment(context, key, { ...values, ...kept }, actor);
    },
  }),
  endpoint({
    method: "POST",
    path: "/bridge-payment/payments/intents/:id/sync",
    summary: "See what is recorded of a payment; a program reports by it what the payment provider says.",
    allow: member(payments.manage, { of: inPath("resource"), scope: "payments:write", orOwn: true }),
    limit: "write",
    body: {
      ...report,
      read: (document, params) => (document === undefined ? undefined : report.read(document, params)),
    },
    answers: shows(resource),
    async handle(request) {
      const { context, body, actor, caller } = request;
      const key = keyOf(request);
      if (body === undefined) {
        const found = await findResource(context.db, payments, { id: key.id, owner: accessIn(request) });
        return showing(resource, request, found);
      }
      if (caller.kind === "user")
        throw forbidden("program_only", "Only a program may report a provider's result: leave the body out.");
      return showing(resource, request, await reportPayment(context, key, body, actor));
    },
  }),
];
