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

/** Every endpoint of the Bridge API. */
export const allBridgeEndpoints: Endpoint[] = [
  ...organizationEndpoints,
  ...organizationDeletionEndpoints,
  ...memberEndpoints,
  ...subscriptionEndpoints,
  ...paymentMethodEndpoints,
  ...addressEndpoints,
  ...customerEndpoints,
  ...paymentEndpoints,
];

/** A group of endpoints in the documentation. */
export interface BridgeTag {
  /** What its endpoints declare as their `tag`. No tag of the Management API has the same name. */
  tag: string;
  title: string;
  what: string;
  /** What the endpoints are about, and the prefix of its ids. */
  type: string;
  prefix: IdPrefix;
}

export const BRIDGE_TAGS: BridgeTag[] = [
  {
    tag: "bridge-organizations",
    title: "Organizations",
    what: "A company or team whose members share what belongs to it. Whoever creates it owns it; it has one owner, always.",
    type: "organization",
    prefix: "org",
  },
  {
    tag: "bridge-members",
    title: "Members",
    what: "Who belongs to an organization, and with which role. Members are added at once, without a mail; to ask somebody first, use the Management API's [invitations](/docs/invitations).",
    type: "member",
    prefix: "orguser",
  },
  {
    tag: "bridge-subscriptions",
    title: "Subscriptions",
    what: "Something that is paid again and again. Guildhall records it; whether it is paid for, your payment provider says.",
    type: "subscription",
    prefix: "sub",
  },
  {
    tag: "bridge-payment-methods",
    title: "Payment methods",
    what: "What is paid with: a card, a bank account or a wallet, by the token your payment provider gave you for it. Each owner has one default.",
    type: "payment_method",
    prefix: "pm",
  },
  {
    tag: "bridge-addresses",
    title: "Addresses",
    what: "Where bills and goods go. Each owner has one default of each type.",
    type: "address",
    prefix: "addr",
  },
  {
    tag: "bridge-customers",
    title: "Customers",
    what: "Whom a payment provider knows. They are guarded by the permissions of payments.",
    type: "customer",
    prefix: "cust",
  },
  {
    tag: "bridge-payments",
    title: "Payments",
    what: "One payment, from the intent to what became of it. No money moves here: your payment provider takes it.",
    type: "payment",
    prefix: "pay",
  },
];
