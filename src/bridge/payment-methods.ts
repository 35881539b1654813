import { z } from "zod";
import { createResource } from "../billing/create-resource.ts";
import type { Columns, ResourceKey } from "../billing/owned-resources.ts";
import { paymentMethods } from "../billing/resource-kinds.ts";
import { updateResource } from "../billing/update-resource.ts";
import type { Context } from "../context.ts";
import type { Actor } from "../events/record-events.ts";
import { described, text } from "../http/attributes.ts";
import type { PaymentMethod } from "../models/shared-resources.ts";
import {
  alias,
  type BridgeResource,
  billing_address_id,
  link,
  provider_id,
  recordOf,
  sample,
  shared,
} from "./bridge-resource.ts";
import { fields } from "./fields.ts";
import { byWord } from "./list-query.ts";
import { changes, creates, deletes, setsBillingAddress, setsDefault } from "./resource-endpoints.ts";
import { reads } from "./resource-reads.ts";

const digits = (pattern: RegExp, error: string) => z.string().regex(pattern, { error }).nullable();

const columns = {
  type: described(z.enum(["card", "bank_account", "wallet"]), "The kind of payment method.", "card"),
  wallet_type: text(50).nullable().meta({ description: "The wallet, such as `apple_pay`." }),
  provider_id,
  provider_payment_method_token: described(
    text(500),
    "The token from your payment provider. Never a card number.",
    "pm_1QxZ",
  ),
  customer_id: link("cust", "The customer the provider charges with it, of the same owner."),
  billing_address_id,
  card_brand: described(text(50).nullable(), "The brand, such as `visa`.", "visa"),
  last_four: described(
    digits(/^\d{4}$/, "must be exactly the last four digits"),
    "The last four digits, to recognize it by.",
    "4242",
  ),
  expiry_month: described(
    digits(/^(0[1-9]|1[0-2])$/, "must be two digits from 01 to 12"),
    "Two digits, from `01`.",
    "09",
  ),
  expiry_year: described(digits(/^\d{4}$/, "must be four digits"), "Four digits.", "2029"),
  alias,
  is_default: described(
    z.boolean(),
    "Whether it is the owner's default. It replaces the previous default.",
    true,
  ),
};
const given = z.strictObject({ ...columns, ...shared }).partial();
const newPaymentMethod = given
  .required({ type: true, provider_payment_method_token: true })
  .meta(
    sample(columns, [
      "organization_id",
      "type",
      "provider_id",
      "provider_payment_method_token",
      "card_brand",
      "last_four",
      "expiry_month",
      "expiry_year",
      "is_default",
    ]),
  );
const changedPaymentMethod = given
  .pick({
    alias: true,
    is_default: true,
    billing_address_id: true,
    expiry_month: true,
    expiry_year: true,
    metadata: true,
  })
  .meta({ examples: [{ alias: "Office card", expiry_month: "11", expiry_year: "2030" }] });
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
  plural: "PaymentMethods",
  shape: recordOf("pm", columns),
  scope: "payment_methods:read",
  largestPage: 100,
  filters: { type: byWord("type", columns.type.options) },
  orders: {},
};

export const paymentMethodEndpoints = [
  ...reads(resource),
  creates(resource, {
    operationId: "bridgeCreatePaymentMethod",
    summary: "Create a payment method from a token of your payment provider.",
    body: fields(newPaymentMethod, aliases),
    create: (context, owner, values, actor) => createResource(context, paymentMethods, owner, values, actor),
  }),
  changes(resource, {
    operationId: "bridgeUpdatePaymentMethod",
    summary: "Change a payment method's details. Fields that are left out stay.",
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
