import { z } from "zod";
import { createResource } from "../billing/create-resource.ts";
import { customers } from "../billing/resource-kinds.ts";
import { updateResource } from "../billing/update-resource.ts";
import { emailAddress, text } from "../http/attributes.ts";
import type { Customer } from "../models/shared-resources.ts";
import { type BridgeResource, recordOf, shared } from "./bridge-resource.ts";
import { fields } from "./fields.ts";
import { bySearch } from "./list-query.ts";
import { changes, creates, deletes, reads } from "./resource-endpoints.ts";

const columns = {
  provider_id: text(100).nullable(),
  provider_customer_id: text(200).nullable(),
  email: emailAddress.transform(({ email }) => email),
  name: text(200).nullable(),
  first_name: text(100).nullable(),
  last_name: text(100).nullable(),
  phone: text(50).nullable(),
};
const given = z
  .strictObject({ ...columns, ...shared })
  .omit({ provider_customer_id: true })
  .partial();
const newCustomer = given.required({ email: true });
const changedCustomer = given.omit({ organization_id: true, provider_id: true });

const resource: BridgeResource<Customer> = {
  kind: customers,
  path: "/customers",
  name: "Customer",
  spoken: { one: "customer", many: "customers" },
  shape: recordOf(columns),
  scope: "customers:read",
  largestPage: 100,
  filters: { search: bySearch(["email", "name", "first_name", "last_name"]) },
  orders: { email: "email" },
};

export const customerEndpoints = [
  ...reads(resource),
  creates(resource, {
    summary: "Create a customer: whom a payment provider knows.",
    body: fields(newCustomer),
    create: (context, owner, values, actor) => createResource(context, customers, owner, values, actor),
  }),
  changes(resource, {
    summary: "Change a customer. What is left out stays.",
    body: fields(changedCustomer),
    change: (context, key, change, actor) =>
      updateResource(context, customers, key, { columns: change }, actor),
  }),
  deletes(resource),
];
