import { z } from "zod";
import { createAddress, updateAddress } from "../billing/addresses.ts";
import { addresses } from "../billing/resource-kinds.ts";
import { country, described, emailAddress, text } from "../http/attributes.ts";
import type { Address } from "../models/shared-resources.ts";
import { alias, type BridgeResource, nullable, recordOf, sample, shared } from "./bridge-resource.ts";
import { fields } from "./fields.ts";
import { byFlag, bySearch, byWord } from "./list-query.ts";
import { changes, creates, deletes, setsDefault } from "./resource-endpoints.ts";
import { reads } from "./resource-reads.ts";

const columns = {
  type: described(z.enum(["billing", "shipping", "both"]), "Its purpose. Default: `billing`.", "billing"),
  alias,
  name: nullable(text(200), "Acme Corp"),
  line1: nullable(text(200), "1 Analytical Row"),
  line2: text(200).nullable(),
  city: nullable(text(100), "London"),
  state: text(100).nullable(),
  postal_code: nullable(text(20), "EC1A 1AA"),
  country: described(country, "ISO 3166-1, two letters.", "GB"),
  phone: text(50).nullable(),
  email: nullable(
    emailAddress.transform(({ email }) => email),
    "office@acme.example",
  ),
  is_partial: described(
    z.boolean(),
    "Whether street and city may be missing; otherwise both are required.",
    false,
  ),
  is_business: described(z.boolean(), "Whether it is a company's; then `business_name` is required.", false),
  business_name: text(200).nullable(),
  tax_id: text(100).nullable(),
  tax_id_type: text(50).nullable().meta({ description: "The kind of tax id, such as `eu_vat`." }),
  is_default: described(z.boolean(), "Whether it is the owner's default of its type.", true),
};
const given = z.strictObject({ ...columns, ...shared }).partial();
const newAddress = given
  .required({ country: true })
  .meta(
    sample(columns, [
      "organization_id",
      "type",
      "name",
      "line1",
      "city",
      "postal_code",
      "country",
      "is_default",
    ]),
  );
const changedAddress = given.omit({ organization_id: true }).meta({ examples: [{ line2: "Second floor" }] });
const aliases = { address_type: "type" };
const byType = byWord("type", columns.type.options);

const resource: BridgeResource<Address> = {
  kind: addresses,
  path: "/addresses",
  name: "Address",
  plural: "Addresses",
  shape: recordOf("addr", columns),
  scope: "addresses:read",
  largestPage: 50,
  filters: {
    type: byType,
    address_type: { ...byType, values: byType.values.describe("Another name of `type`.") },
    search: bySearch(["name", "alias", "line1", "city", "postal_code"]),
    completeness: byFlag(
      "is_partial",
      { full: false, partial: true },
      "`partial`: only those that may lack street and city; `full`: only the others.",
    ),
  },
  orders: {},
};

export const addressEndpoints = [
  ...reads(resource),
  creates(resource, {
    operationId: "bridgeCreateAddress",
    summary: "Create an address. It needs `line1` and `city` unless `is_partial` is true.",
    body: fields(newAddress, aliases),
    create: createAddress,
  }),
  changes(resource, {
    operationId: "bridgeUpdateAddress",
    summary: "Change an address. Fields that are left out stay.",
    body: fields(changedAddress, aliases),
    change: updateAddress,
  }),
  setsDefault(resource, updateAddress),
  deletes(resource),
];
