import { z } from "zod";
import { createResource } from "../billing/create-resource.ts";
import { customers } from "../billing/resource-kinds.ts";
import { updateResource } from "../billing/update-resource.ts";
import { emailAddress, metadata, text } from "../http/attributes.ts";
import { endpoint } from "../http/endpoint.ts";
import type { Customer } from "../models/shared-resources.ts";
import { type BridgeResource, inPath, keyOf, namedIn, showing, shows } from "./bridge-resource.ts";
import { fields } from "./fields.ts";
import { bySearch } from "./filters.ts";
import { ownerIn } from "./owner-in.ts";
import { deletes } from "./resource-actions.ts";
import { resourceReads } from "./resource-reads.ts";
import { customerShape } from "./shapes/customer-shape.ts";
import { organizationId } from "./shapes/values.ts";

const given = {
  email: emailAddress.transform(({ email }) => email),
  name: text(200).nullish(),
  first_name: text(100).nullish(),
  last_name: text(100).nullish(),
  phone: text(50).nullish(),
  metadata: metadata.optional(),
};
const newCustomer = z.strictObject({
  organization_id: organizationId,
  provider_id: text(100).nullish(),
  ...given,
});
const changedCustomer = z.strictObject(given).partial();

const resource: BridgeResource<Customer> = {
  kind: customers,
  path: "/customers",
  name: "Customer",
  spoken: { one: "customer", many: "customers" },
  shape: customerShape,
  scope: "customers:read",
  largestPage: 100,
  filters: { search: bySearch(["email", "name", "first_name", "last_name"]) },
  orders: { email: "email" },
};

export const customerEndpoints = [
  ...resourceReads(resource),
  endpoint({
    method: "POST",
    path: "/bridge-payment/customers",
    summary: "Create a customer: whom a payment provider knows.",
    who: "user",
    limit: "write",
    body: fields(newCustomer),
    organization: ({ body }) => namedIn(body),
    permission: customers.manage,
    personal: true,
    answers: shows(resource, 201),
    async handle(request) {
      const { organization_id: _, ...values } = request.body;
      const created = await createResource(
        request.context,
        customers,
        ownerIn(request),
        values,
        request.actor,
      );
      return showing(resource, request, created, { status: 201 });
    },
  }),
  endpoint({
    method: "PUT",
    path: "/bridge-payment/customers/:id",
    summary: "Change a customer. What is left out stays.",
    who: "user",
    limit: "write",
    body: fields(changedCustomer),
    organization: inPath,
    permission: customers.manage,
    personal: true,
    answers: shows(resource),
    async handle(request) {
      const change = { columns: request.body };
      return showing(
        resource,
        request,
        await updateResource(request.context, customers, keyOf(request), change, request.actor),
      );
    },
  }),
  deletes(resource),
];
