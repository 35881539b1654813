import { z } from "zod";
import { inPath, member } from "../access/allow.ts";
import { findResource } from "../billing/owned-resources.ts";
import { confirmPayment, createPayment, reportPayment, updatePayment } from "../billing/payments.ts";
import { payments } from "../billing/resource-kinds.ts";
import { forbidden } from "../errors.ts";
import { described, LATER, text, time, webAddress } from "../http/attributes.ts";
import { endpoint } from "../http/endpoint.ts";
import { PAYMENT_STATUSES, type Payment, PENDING_PAYMENT } from "../models/shared-resources.ts";
import {
  type BridgeResource,
  eitherAmount,
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
import { bySearch, byTime } from "./list-query.ts";
import { accessIn, keyOf } from "./owner-in.ts";
import { changes, creates } from "./resource-endpoints.ts";
import { reads } from "./resource-reads.ts";

const given = {
  ...price(12_000),
  customer_id: link("cust", "A customer of the same owner."),
  payment_method_id: link("pm", "A payment method of the same owner."),
  provider_id,
  description: nullable(text(1_000), "Onboarding, one day"),
  reference_code: described(
    text(200).nullable(),
    "Your own reference, such as an invoice number.",
    "INV-1017",
  ),
  category: text(100).nullable(),
  tags: text(500).nullable().describe("Search words, separated by commas."),
  setup_future_usage: z
    .enum(["on_session", "off_session"])
    .nullable()
    .describe("Whether the payment method is kept for later payments."),
  return_url: webAddress.nullable().describe("Where the provider sends the payer afterwards."),
};
const columns = {
  ...given,
  status: described(
    z.enum(PAYMENT_STATUSES),
    "Pending (`requires_payment_method`, `requires_confirmation`) until it is confirmed; then as the provider reports.",
    "requires_confirmation",
  ),
  provider_payment_id: text(200).nullable().describe("The provider's id for it, once reported."),
  failure_reason: text(500).nullable().describe("Why it failed, in the provider's words."),
  confirmed_at: time.nullable().describe("When it was confirmed; null while it is pending."),
  synced_at: time.nullable().describe("When the provider's result was last reported."),
  completed_at: time.nullable().describe("When it succeeded, failed or was canceled."),
};
const newPayment = z
  .strictObject({ ...given, ...shared })
  .partial()
  .extend({ currency: given.currency.default("USD") })
  .meta({
    ...eitherAmount,
    ...sample(given, [
      "organization_id",
      "customer_id",
      "payment_method_id",
      "total_cents",
      "currency",
      "description",
      "reference_code",
    ]),
  });
const changedPayment = z
  .strictObject({
    total_cents: given.total_cents,
    currency: given.currency,
    description: given.description,
    customer_id: given.customer_id,
    setup_future_usage: given.setup_future_usage,
    metadata: shared.metadata,
  })
  .partial()
  .meta({ examples: [{ total_cents: 24_000, description: "Onboarding, two days" }] });
const confirmation = z
  .strictObject({
    payment_method_id: optional(columns.payment_method_id),
    return_url: optional(columns.return_url),
    save_payment_method: z.boolean().default(false).describe("Short for `setup_future_usage: off_session`."),
  })
  .meta({ examples: [{ return_url: "https://acme.example/paid" }] });
const report = fields(
  z
    .strictObject({
      status: columns.status,
      provider_payment_id: optional(columns.provider_payment_id),
      failure_reason: optional(columns.failure_reason),
    })
    .meta({ examples: [{ status: "succeeded", provider_payment_id: "pi_3QxZ" }] }),
);
const aliases = { amount_cents: "total_cents" };

/** A filter for payments that have not been confirmed. */
const PENDING = "pending";

const resource: BridgeResource<Payment> = {
  kind: payments,
  path: "/payments",
  name: "Payment",
  plural: "Payments",
  shape: recordOf("pay", columns),
  scope: "payments:read",
  largestPage: 50,
  filters: {
    status: {
      values: z
        .enum([PENDING, ...PAYMENT_STATUSES])
        .describe("Only those with this status; `pending` means not confirmed yet."),
      byWords: true,
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
    operationId: "bridgeCreatePaymentIntent",
    path: "/payments/intents",
    summary: "Record the intent to pay. No money is moved.",
    body: fields(newPayment, aliases),
    create: createPayment,
  }),
  changes(resource, {
    operationId: "bridgeUpdatePaymentIntent",
    path: "/payments/intents/:id",
    summary: "Change a payment intent while it is pending. Fields that are left out stay.",
    body: fields(changedPayment, aliases),
    example: { subtotal_cents: 24_000 },
    change: updatePayment,
  }),
  changes(resource, {
    method: "POST",
    path: "/payments/intents/:id/confirm",
    operationId: "bridgeConfirmPaymentIntent",
    summary: "Confirm a payment intent. It is `processing` until its result is reported.",
    body: optionalFields(confirmation),
    example: { status: "processing", confirmed_at: LATER, updated_at: LATER },
    change(context, key, { save_payment_method, ...values }, actor) {
      const kept = save_payment_method ? { setup_future_usage: "off_session" as const } : {};
      return confirmPayment(context, key, { ...values, ...kept }, actor);
    },
  }),
  endpoint({
    method: "POST",
    path: "/bridge-payment/payments/intents/:id/sync",
    operationId: "bridgeSyncPaymentIntent",
    summary: "Read a payment; or, as a program, report the payment provider's result.",
    allow: member(payments.manage, { of: inPath("resource"), scope: "payments:write", orOwn: true }),
    limit: "write",
    body: {
      ...report,
      read: (document, params) => (document === undefined ? undefined : report.read(document, params)),
    },
    answers: shows(resource, {
      example: { confirmed_at: LATER, synced_at: LATER, completed_at: LATER, updated_at: LATER },
    }),
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
