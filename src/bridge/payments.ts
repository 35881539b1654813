import { z } from "zod";
import { confirmPayment } from "../billing/confirm-payment.ts";
import { createPayment } from "../billing/create-payment.ts";
import { payments } from "../billing/resource-kinds.ts";
import { updatePayment } from "../billing/update-payment.ts";
import { metadata, text, webAddress } from "../http/attributes.ts";
import { endpoint } from "../http/endpoint.ts";
import { inPath, keyOf, namedIn, showing, shows } from "./bridge-resource.ts";
import { fields, optionalFields } from "./fields.ts";
import { ownerIn } from "./owner-in.ts";
import { paymentResource as resource } from "./payment-resource.ts";
import { resourceReads } from "./resource-reads.ts";
import { currency, eitherAmount, givenAmounts, givenCents } from "./shapes/money.ts";
import { link, organizationId } from "./shapes/values.ts";

const aliases = { amount_cents: "total_cents" };
const setup_future_usage = z.enum(["on_session", "off_session"]);

const newPayment = z.strictObject({
  organization_id: organizationId,
  ...givenAmounts,
  currency,
  customer_id: link,
  payment_method_id: link,
  provider_id: text(100).nullish(),
  description: text(1_000).nullish(),
  concept: text(200).nullish(),
  reference_code: text(200).nullish(),
  category: text(100).nullish(),
  tags: text(500).nullish(),
  setup_future_usage: setup_future_usage.nullish(),
  return_url: webAddress.nullish(),
  metadata: metadata.optional(),
});
const changedPayment = z.strictObject({
  total_cents: givenCents.optional(),
  currency: currency.unwrap().optional(),
  description: text(1_000).nullish(),
  customer_id: link,
  setup_future_usage: setup_future_usage.nullish(),
  metadata: metadata.optional(),
});
const confirmation = z.strictObject({
  payment_method_id: z.string().max(64).optional(),
  return_url: webAddress.optional(),
  save_payment_method: z.boolean().default(false),
});
export const paymentEndpoints = [
  ...resourceReads(resource),
  endpoint({
    method: "POST",
    path: "/bridge-payment/payments/intents",
    summary: "Record the intent to pay. No money moves.",
    who: "user",
    limit: "write",
    body: fields(newPayment.meta(eitherAmount), aliases),
    organization: ({ body }) => namedIn(body),
    permission: payments.manage,
    personal: true,
    answers: shows(resource, 201),
    async handle(request) {
      const { organization_id: _, ...values } = request.body;
      const created = await createPayment(request.context, ownerIn(request), values, request.actor);
      return showing(resource, request, created, { status: 201 });
    },
  }),
  endpoint({
    method: "PUT",
    path: "/bridge-payment/payments/intents/:id",
    summary: "Change a payment intent while it is pending. What is left out stays.",
    who: "user",
    limit: "write",
    body: fields(changedPayment, aliases),
    organization: inPath,
    permission: payments.manage,
    personal: true,
    answers: shows(resource),
    async handle(request) {
      const { context, body, actor } = request;
      return showing(resource, request, await updatePayment(context, keyOf(request), body, actor));
    },
  }),
  endpoint({
    method: "POST",
    path: "/bridge-payment/payments/intents/:id/confirm",
    summary: "Confirm a payment intent: it is `processing` until what became of it is reported.",
    who: "user",
    limit: "write",
    body: optionalFields(confirmation),
    organization: inPath,
    permission: payments.manage,
    personal: true,
    answers: shows(resource),
    async handle(request) {
      const { save_payment_method, ...values } = request.body;
      const change = save_payment_method ? { ...values, setup_future_usage: "off_session" as const } : values;
      const confirmed = await confirmPayment(request.context, keyOf(request), change, request.actor);
      return showing(resource, request, confirmed);
    },
  }),
];
