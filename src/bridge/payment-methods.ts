import { z } from "zod";
import { createResource } from "../billing/create-resource.ts";
import type { Columns, ResourceKey } from "../billing/owned-resources.ts";
import { paymentMethods } from "../billing/resource-kinds.ts";
import { updateResource } from "../billing/update-resource.ts";
import type { Context } from "../context.ts";
import type { Actor } from "../events/record-events.ts";
import { text } from "../http/attributes.ts";
import type { PaymentMethod } from "../models/shared-resources.ts";
import { type BridgeResource, link, recordOf, shared } from "./bridge-resource.ts";
import { fields } from "./fields.ts";
import { byWord } from "./list-query.ts";
import { changes, creates, deletes, reads, setsBillingAddress, setsDefault } from "./resource-endpoints.ts";

const digits = (pattern: RegExp, error: string) => z.string().regex(pattern, { error }).nullable();

const columns = {
  type: z.enum(["card", "bank_account", "wallet"]),
  wallet_type: text(50).nullable(),
  provider_id: text(100).nullable(),
  provider_payment_method_token: text(500),
  customer_id: link,
  billing_address_id: link,
  card_brand: text(50).nullable(),
  last_four: digits(/^\d{4}$/, "must be the last four digits alone"),
  expiry_month: digits(/^(0[1-9]|1[0-2])$/, "must be two digits from 01 to 12"),
  expiry_year: digits(/^\d{4}$/, "must be four digits"),
  alias: text(100).nullable(),
  is_default: z.boolean(),
};
const given = z.strictObject({ ...columns, ...shared }).partial();
const newPaymentMethod = given.required({ type: true, provider_payment_method_token: true });
const changedPaymentMethod = given.pick({
  alias: true,
  is_default: true,
  billing_address_id: true,
  expiry_month: true,
  expiry_year: true,
  metadata: true,
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
  shape: recordOf(columns),
  scope: "payment_methods:read",
  largestPage: 100,
  filters: { type: byWord("type", columns.type.options) },
  orders: {},
};

export const paymentMethodEndpoints = [
  ...reads(resource),
  creates(resource, {
    summary: "Create a payment method from the token your payment provider gave you for it.",
    body: fields(newPaymentMethod, aliases),
    create: (context, owner, values, actor) => createResource(context, paymentMethods, owner, values, actor),
  }),
  changes(resource, {
    summary: "Change what is known of a payment method. What is left out stays.",
    body: fields(changedPaymentMethod),
    change: update,
  }),
  setsDefault(resource, update),
  setsBillingAddress(resource, update),
  deletes(resource),
];

function update(context: Context, key: ResourceKey, columns: Columns<PaymentMethod>, actor: Actor) {
  return updateResource(context, paymentMethods, key, { columns }, actor);
}
