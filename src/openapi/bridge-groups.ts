import type { Endpoint } from "../http/endpoint.ts";
import type { IdPrefix } from "../lib/id.ts";

/** Endpoints of the Bridge API that belong together. */
export interface BridgeGroup {
  /** Its tag, unlike any of the Management API's. */
  tag: string;
  title: string;
  what: string;
  /** What the endpoints are about, and what its ids begin with. */
  type: string;
  prefix: IdPrefix;
  /** Which paths it has, after `/bridge-payment`. */
  paths: RegExp;
}

export const BRIDGE_GROUPS: BridgeGroup[] = [
  {
    tag: "bridge-organizations",
    title: "Organizations",
    what: "A company or team whose members share what belongs to it. Whoever creates it owns it; it has one owner, always.",
    type: "organization",
    prefix: "org",
    paths: /^\/organizations(\/:id(\/(?!members|leave).*)?)?$/,
  },
  {
    tag: "bridge-members",
    title: "Members",
    what: "Who belongs to an organization, and with which role. Members are added at once, without a mail; to ask somebody first, use the Management API's [invitations](/docs/invitations).",
    type: "member",
    prefix: "orguser",
    paths: /^\/organizations\/:id\/(members|leave)/,
  },
  {
    tag: "bridge-subscriptions",
    title: "Subscriptions",
    what: "Something that is paid again and again. Guildhall records it; whether it is paid for, your payment provider says.",
    type: "subscription",
    prefix: "sub",
    paths: /^\/subscriptions/,
  },
  {
    tag: "bridge-payment-methods",
    title: "Payment methods",
    what: "What is paid with: a card, a bank account or a wallet, by the token your payment provider gave you for it. Each owner has one default.",
    type: "payment_method",
    prefix: "pm",
    paths: /^\/payment-methods/,
  },
  {
    tag: "bridge-addresses",
    title: "Addresses",
    what: "Where bills and goods go. Each owner has one default of each type.",
    type: "address",
    prefix: "addr",
    paths: /^\/addresses/,
  },
  {
    tag: "bridge-customers",
    title: "Customers",
    what: "Whom a payment provider knows. They are guarded by the permissions of payments.",
    type: "customer",
    prefix: "cust",
    paths: /^\/customers/,
  },
  {
    tag: "bridge-payments",
    title: "Payments",
    what: "One payment, from the intent to what became of it. No money moves here: your payment provider takes it.",
    type: "payment",
    prefix: "pay",
    paths: /^\/payments/,
  },
];

/** @throws for a path of no group. */
export function bridgeGroupOf({ path }: Pick<Endpoint, "path">): BridgeGroup {
  const rest = path.replace("/bridge-payment", "");
  const group = BRIDGE_GROUPS.find(({ paths }) => paths.test(rest));
  if (group === undefined) throw new Error(`${path} belongs to no group of the Bridge API`);
  return group;
}
