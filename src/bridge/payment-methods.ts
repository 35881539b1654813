import { z } from "zod";
import { createResource } from "../billing/create-resource.ts";
import { paymentMethods } from "../billing/resource-kinds.ts";
import { updatePaymentMethod } from "../billing/update-payment-method.ts";
import { metadata, text } from "../http/attributes.ts";
import { endpoint } from "../http/endpoint.ts";
import type { PaymentMethod } from "../models/shared-resources.ts";
import { type BridgeResource, inPath, keyOf, namedIn, showing, shows } from "./bridge-resource.ts";
import { fields } from "./fields.ts";
import { byWord } from "./filters.ts";
import { ownerIn } from "./owner-in.ts";
import { deletes, setsBillingAddress, setsDefault } from "./resource-actions.ts";
import { resourceReads } from "./resource-reads.ts";
import { paymentMethodShape } from "./shapes/payment-method-shape.ts";
import { link, organizationId } from "./shapes/values.ts";

const TYPES: ["card", "bank_account", "wallet"] = ["card", "bank_account", "wallet"];

const digits = (pattern: RegExp, error: string) => z.string().regex(pattern, { error }).nullish();

const changed = z.strictObject({
  alias: text(100).nullish(),
  is_default: z.boolean().optional(),
  billing_address_id: link,
  expiry_month: digits(/^(0[1-9]|1[0-2])$/, "must be two digits from 01 to 12"),
  expiry_year: digits(/^\d{4}$/, "must be four digits"),
  metadata: metadata.optional(),
});
const created = changed.extend({
  organization_id: organizationId,
  type: z.enum(TYPES),
  wallet_type: text(50).nullish(),
  provider_id: text(100).nullish(),
  provider_payment_method_token: text(500),
  customer_id: link,
  card_brand: text(50).nullish(),
  last_four: digits(/^\d{4}$/, "must be the last four digits alone"),
});
const aliases = {
  payment_type: "type",
  card_token: "provider_payment_method_token",
  payment_method_token: "provider_payment_method_token",
  brand: "card_brand",
  last4: "last_four",
};

const resource: BridgeResource<PaymentMethod> = {
  kind: paymentMethods,
  path: "/payment-methods",
  name: "PaymentMethod",
  spoken: { one: "payment method", many: "payment methods" },
  shape: paymentMethodShape,
  scope: "payment_methods:read",
  largestPage: 100,
  filters: { type: byWord("type", TYPES) },
  orders: {},
};

export const paymentMethodEndpoints = [
  ...resourceReads(resource),
  endpoint({
    method: "POST",
    path: "/bridge-payment/payment-methods",
    summary: "Create a payment method from the token your payment provider gave you for it.",
    who: "user",
    limit: "write",
    body: fields(created, aliases),
    organization: ({ body }) => namedIn(body),
    permission: paymentMethods.manage,
    personal: true,
    answers: shows(resource, 201),
    async handle(request) {
      const { organization_id: _, ...values } = request.body;
      const { context, actor } = request;
      const row = await createResource(context, paymentMethods, ownerIn(request), values, actor);
      return showing(resource, request, row, { status: 201 });
    },
  }),
  endpoint({
    method: "PUT",
    path: "/bridge-payment/payment-methods/:id",
    summary: "Change what is known of a payment method. What is left out stays.",
    who: "user",
    limit: "write",
    body: fields(changed),
    organization: inPath,
    permission: paymentMethods.manage,
    personal: true,
    answers: shows(resource),
    async handle(request) {
      const { context, body, actor } = request;
      return showing(resource, request, await updatePaymentMethod(context, keyOf(request), body, actor));
    },
  }),
  setsDefault(resource, updatePaymentMethod),
  setsBillingAddress(resource, updatePaymentMethod),
  deletes(resource),
];
