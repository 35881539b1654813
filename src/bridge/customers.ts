import { z } from "zod";
import { createResource } from "../billing/create-resource.ts";
import { customers } from "../billing/resource-kinds.ts";
import { updateResource } from "../billing/update-resource.ts";
import { described, emailAddress, text } from "../http/attributes.ts";
import type { Customer } from "../models/shared-resources.ts";
import { type BridgeResource, nullable, provider_id, recordOf, sample, shared } from "./bridge-resource.ts";
import { fields } from "./fields.ts";
import { bySearch } from "./list-query.ts";
import { changes, creates, deletes } from "./resource-endpoints.ts";
import { reads } from "./resource-reads.ts";

const columns = {
  provider_id,
  provider_customer_id: text(200).nullable().meta({ description: "The provider's id for the customer." }),
  email: described(
    emailAddress.transform(({ email }) => email),
    "The address the provider writes to.",
    "office@acme.example",
  ),
  name: nullable(text(200), "Acme Corp"),
  first_name: text(100).nullable(),
  last_name: text(100).nullable(),
  phone: text(50).nullable(),
};
const given = z
  .strictObject({ ...columns, ...shared })
  .omit({ provider_customer_id: true })
  .partial();
const newCustomer = given
  .required({ email: true })
  .meta(sample(columns, ["organization_id", "email", "name", "provider_id"]));
const changedCustomer = given
  .omit({ organization_id: true, provider_id: true })
  .meta({ examples: [{ phone: "+44 20 7946 0018" }] });

const resource: BridgeResource<Customer> = {
  kind: customers,
  path: "/customers",
  name: "Customer",
  plural: "Customers",
  shape: recordOf("cust", columns),
  scope: "customers:read",
  largestPage: 100,
  filters: { search: bySearch(["email", "name", "first_name", "last_name"]) },
  orders: { email: "email" },
};

export const customerEndpoints = [
  ...reads(resource),
  creates(resource, {
    operationId: "bridgeCreateCustomer",
    summary: "Create a customer: the person or company a payment provider charges.",
    body: fields(newCustomer),
    create: (context, owner, values, actor) => createResource(context, customers, owner, values, actor),
  }),
  changes(resource, {
    operationId: "bridgeUpdateCustomer",
    summary: "Change a customer. Fields that are left out stay.",
    body: fields(changedCustomer),
    change: (context, key, change, actor) =>
      updateResource(context, customers, key, { columns: change }, actor),
  }),
  deletes(resource),
];
