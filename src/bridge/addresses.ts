import { z } from "zod";
import { createAddress } from "../billing/create-address.ts";
import { addresses } from "../billing/resource-kinds.ts";
import { updateAddress } from "../billing/update-address.ts";
import { country, emailAddress, metadata, text } from "../http/attributes.ts";
import { endpoint } from "../http/endpoint.ts";
import type { Address } from "../models/shared-resources.ts";
import { type BridgeResource, inPath, keyOf, namedIn, showing, shows } from "./bridge-resource.ts";
import { fields } from "./fields.ts";
import { byFlag, bySearch, byWord } from "./filters.ts";
import { ownerIn } from "./owner-in.ts";
import { deletes, setsDefault } from "./resource-actions.ts";
import { resourceReads } from "./resource-reads.ts";
import { addressShape } from "./shapes/address-shape.ts";
import { organizationId } from "./shapes/values.ts";

const TYPES: ["billing", "shipping", "both"] = ["billing", "shipping", "both"];

const given = {
  type: z.enum(TYPES),
  alias: text(100).nullish(),
  name: text(200).nullish(),
  line1: text(200).nullish(),
  line2: text(200).nullish(),
  city: text(100).nullish(),
  state: text(100).nullish(),
  postal_code: text(20).nullish(),
  country,
  phone: text(50).nullish(),
  email: emailAddress.transform(({ email }) => email).nullish(),
  is_partial: z.boolean(),
  is_business: z.boolean(),
  business_name: text(200).nullish(),
  tax_id: text(100).nullish(),
  tax_id_type: text(50).nullish(),
  is_default: z.boolean(),
  metadata,
};
const optional = z.strictObject(given).partial();
const newAddress = optional.required({ country: true }).extend({ organization_id: organizationId });
const aliases = { address_type: "type" };

const resource: BridgeResource<Address> = {
  kind: addresses,
  path: "/addresses",
  name: "Address",
  spoken: { one: "address", many: "addresses" },
  shape: addressShape,
  scope: "addresses:read",
  largestPage: 50,
  filters: {
    type: byWord("type", TYPES),
    address_type: byWord("type", TYPES),
    search: bySearch(["name", "alias", "line1", "city", "postal_code"]),
    completeness: byFlag("is_partial", { full: false, partial: true }),
  },
  orders: {},
};

export const addressEndpoints = [
  ...resourceReads(resource),
  endpoint({
    method: "POST",
    path: "/bridge-payment/addresses",
    summary: "Create an address. Unless `is_partial`, it needs `line1` and `city`.",
    who: "user",
    limit: "write",
    body: fields(newAddress, aliases),
    organization: ({ body }) => namedIn(body),
    permission: addresses.manage,
    personal: true,
    answers: shows(resource, 201),
    async handle(request) {
      const { organization_id: _, ...values } = request.body;
      const created = await createAddress(request.context, ownerIn(request), values, request.actor);
      return showing(resource, request, created, { status: 201 });
    },
  }),
  endpoint({
    method: "PUT",
    path: "/bridge-payment/addresses/:id",
    summary: "Change an address. What is left out stays.",
    who: "user",
    limit: "write",
    body: fields(optional, aliases),
    organization: inPath,
    permission: addresses.manage,
    personal: true,
    answers: shows(resource),
    async handle(request) {
      const { context, body, actor } = request;
      return showing(resource, request, await updateAddress(context, keyOf(request), body, actor));
    },
  }),
  setsDefault(resource, updateAddress),
  deletes(resource),
];
