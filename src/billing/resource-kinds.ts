import type { Permission } from "../access/permissions.ts";
import type { ResourceName } from "../events/record-events.ts";
import type { IdPrefix } from "../lib/id.ts";
import {
  Address,
  Customer,
  Payment,
  PaymentMethod,
  type SharedResource,
  Subscription,
} from "../models/shared-resources.ts";

/** What the commands need to know about a kind of resource. */
export interface ResourceKind<Row extends SharedResource = SharedResource> {
  name: ResourceName;
  prefix: IdPrefix;
  model: { tableName: string; new (): Row; query: typeof SharedResource.query };
  /** The permissions a member of the owning organization needs to read and to change it. */
  read: Permission;
  manage: Permission;
  /** Columns that refer to other resources of the same owner, with their kinds. */
  links: Record<string, ResourceKind>;
  /** A column whose current value differs from the stored one, and the SQL that computes it. */
  computed?: { column: string; sql: string };
  /** Set for kinds with a default: each owner has one among the rows that agree in these columns. */
  defaultAmong?: string[];
}

/** Customers are guarded like payments. */
export const customers: ResourceKind<Customer> = {
  name: "customer",
  prefix: "cust",
  model: Customer,
  read: "payments:read",
  manage: "payments:manage",
  links: {},
};

export const addresses: ResourceKind<Address> = {
  name: "address",
  prefix: "addr",
  model: Address,
  read: "addresses:read",
  manage: "addresses:manage",
  links: {},
  defaultAmong: ["type"],
};

export const paymentMethods: ResourceKind<PaymentMethod> = {
  name: "payment_method",
  prefix: "pm",
  model: PaymentMethod,
  read: "payment_methods:read",
  manage: "payment_methods:manage",
  links: { customer_id: customers, billing_address_id: addresses },
  defaultAmong: [],
};

export const subscriptions: ResourceKind<Subscription> = {
  name: "subscription",
  prefix: "sub",
  model: Subscription,
  read: "subscriptions:read",
  manage: "subscriptions:manage",
  links: { customer_id: customers, payment_method_id: paymentMethods, billing_address_id: addresses },
  computed: { column: "status", sql: "subscription_status(subscriptions)" },
};

export const payments: ResourceKind<Payment> = {
  name: "payment",
  prefix: "pay",
  model: Payment,
  read: "payments:read",
  manage: "payments:manage",
  links: { customer_id: customers, payment_method_id: paymentMethods },
};

/** All kinds. Deleting an organization detaches them; a user who created any can't be deleted. */
export const RESOURCE_KINDS: ResourceKind[] = [subscriptions, payments, paymentMethods, addresses, customers];
