import { z } from "zod";
import { createAddress, updateAddress } from "../billing/addresses.ts";
import { addresses } from "../billing/resource-kinds.ts";
import { country, emailAddress, text } from "../http/attributes.ts";
import type { Address } from "../models/shared-resources.ts";
import { type BridgeResource, recordOf, shared } from "./bridge-resource.ts";
import { fields } from "./fields.ts";
import { byFlag, bySearch, byWord } from "./list-query.ts";
import { changes, creates, deletes, reads, setsDefault } from "./resource-endpoints.ts";

const columns = {
  type: z.enum(["billing", "shipping", "both"]),
  alias: text(100).nullable(),
  name: text(200).nullable(),
  line1: text(200).nullable(),
  line2: text(200).nullable(),
  city: text(100).nullable(),
  state: text(100).nullable(),
  postal_code: text(20).nullable(),
  country,
  phone: text(50).nullable(),
  email: emailAddress.transform(({ email }) => email).nullable(),
  is_partial: z.boolean(),
  is_business: z.boolean(),
  business_name: text(200).nullable(),
  tax_id: text(100).nullable(),
  tax_id_type: text(50).nullable(),
  is_default: z.boolean(),
};
const given = z.strictObject({ ...columns, ...shared }).partial();
const newAddress = given.required({ country: true });
const changedAddress = given.omit({ organization_id: true });
const aliases = { address_type: "type" };
const byType = byWord("type", columns.type.options);

const resource: BridgeResource<Address> = {
  kind: addresses,
  path: "/addresses",
  name: "Address",
  spoken: { one: "address", many: "addresses" },
  shape: recordOf(columns),
  scope: "addresses:read",
  largestPage: 50,
  filters: {
    type: byType,
    address_type: byType,
    search: bySearch(["name", "alias", "line1", "city", "postal_code"]),
    completeness: byFlag("is_partial", { full: false, partial: true }),
  },
  orders: {},
};

export const addressEndpoints = [
  ...reads(resource),
  creates(resource, {
    summary: "Create an address. Unless `is_partial`, it needs `line1` and `city`.",
    body: fields(newAddress, aliases),
    create: createAddress,
  }),
  changes(resource, {
    summary: "Change an address. What is left out stays.",
    body: fields(changedAddress, aliases),
    change: updateAddress,
  }),
  setsDefault(resource, updateAddress),
  deletes(resource),
];
