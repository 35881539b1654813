import type { Endpoint } from "../http/endpoint.ts";
import type { IdPrefix } from "../lib/id.ts";
import { addressEndpoints } from "./addresses.ts";
import { customerEndpoints } from "./customers.ts";
import { memberEndpoints } from "./members.ts";
import { organizationDeletionEndpoints } from "./organization-deletion.ts";
import { organizationEndpoints } from "./organizations.ts";
import { paymentMethodEndpoints } from "./payment-methods.ts";
import { paymentEndpoints } from "./payments.ts";
import { subscriptionEndpoints } from "./subscriptions.ts";

/** A group of endpoints in the documentation. */
export interface BridgeTag {
  /** No tag of the Management API has the same name. */
  tag: string;
  title: string;
  what: string;
  /** What the endpoints are about, and the prefix of its ids. */
  type: string;
  prefix: IdPrefix;
  endpoints: Endpoint[];
}

export const BRIDGE_TAGS: BridgeTag[] = [
  {
    tag: "bridge-organizations",
    title: "Organizations",
    what: "A company or team whose members share its resources. Its creator is the first owner, and it always has exactly one.",
    type: "organization",
    prefix: "org",
    endpoints: [...organizationEndpoints, ...organizationDeletionEndpoints],
  },
  {
    tag: "bridge-members",
    title: "Members",
    what: "The users who belong to an organization, with their roles. Members are added at once, without an email; to ask people first, use the Management API's [invitations](/docs/invitations).",
    type: "member",
    prefix: "orguser",
    endpoints: memberEndpoints,
  },
  {
    tag: "bridge-subscriptions",
    title: "Subscriptions",
    what: "Recurring payments. Guildhall records them; your payment provider decides whether they are paid.",
    type: "subscription",
    prefix: "sub",
    endpoints: subscriptionEndpoints,
  },
  {
    tag: "bridge-payment-methods",
    title: "Payment methods",
    what: "Cards, bank accounts and wallets, by their token from your payment provider. Each owner has one default.",
    type: "payment_method",
    prefix: "pm",
    endpoints: paymentMethodEndpoints,
  },
  {
    tag: "bridge-addresses",
    title: "Addresses",
    what: "Billing and shipping addresses. Each owner has one default of each type.",
    type: "address",
    prefix: "addr",
    endpoints: addressEndpoints,
  },
  {
    tag: "bridge-customers",
    title: "Customers",
    what: "People and companies a payment provider charges. The permissions of payments apply to them.",
    type: "customer",
    prefix: "cust",
    endpoints: customerEndpoints,
  },
  {
    tag: "bridge-payments",
    title: "Payments",
    what: "Single payments, from the intent to the result. No money is moved here: your payment provider collects it.",
    type: "payment",
    prefix: "pay",
    endpoints: paymentEndpoints,
  },
];

/** Every endpoint of the Bridge API, tagged with its group. */
export const allBridgeEndpoints: Endpoint[] = BRIDGE_TAGS.flatMap(({ tag, endpoints }) =>
  endpoints.map((endpoint) => ({ ...endpoint, tag })),
);
