import { curl, JSON_OBJECT, MEMBER, OPERATOR, SESSION } from "./curl.ts";
import type { Step } from "./step.ts";
import { joining, one } from "./walk-requests.ts";

/** A request of the Bridge API, after `/bridge-payment`; by the owner unless another credential is given. */
function ask(method: string, path: string, body?: object, credential = SESSION): string {
  return curl({ method, url: `/bridge-payment${path}`, body, mediaType: JSON_OBJECT, credential });
}

const OWNED = { organization_id: "$ORGANIZATION" };

/** An organization with something to share: from making it to a member who uses it. A test runs it as it is printed. */
export const BRIDGE_WALK: Step[] = [
  {
    title: "Create an organization",
    text: "Whoever creates it is its owner: here, whose session `SESSION` is.",
    command: ask("POST", "/organizations", { name: "Difference Engines" }),
    status: 201,
    keep: [{ name: "ORGANIZATION", from: "data.id" }],
  },
  {
    title: "Add a member",
    text: "By the address of somebody who has a user; Mary is one of `acme-test`. With the role `billing` she manages what is paid and how. To ask people first, invite them by the [Management API](/docs#invitations).",
    command: ask("POST", "/organizations/$ORGANIZATION/members", {
      email: "mary@acme.example",
      role: "billing",
    }),
    status: 201,
    keep: [
      { name: "MEMBERSHIP", from: "data.id" },
      { name: "USER", from: "data.user_id" },
    ],
  },
  {
    title: "Keep an address",
    text: "`organization_id` makes it the organization's. Without it, it is your own.",
    command: ask("POST", "/addresses", {
      ...OWNED,
      line1: "1 Analytical Row",
      city: "London",
      country: "GB",
    }),
    status: 201,
    keep: [{ name: "ADDRESS", from: "data.id" }],
  },
  {
    title: "Keep a customer",
    text: "Whom your payment provider knows.",
    command: ask("POST", "/customers", { ...OWNED, email: "office@engines.example", provider_id: "stripe" }),
    status: 201,
    keep: [{ name: "CUSTOMER", from: "data.id" }],
  },
  {
    title: "Keep a payment method",
    text: "By the token your payment provider gave your front end for the card. A card's number is refused.",
    command: ask("POST", "/payment-methods", {
      ...OWNED,
      type: "card",
      provider_payment_method_token: "pm_1QxZ",
      last_four: "4242",
      customer_id: "$CUSTOMER",
    }),
    status: 201,
    keep: [{ name: "PAYMENT_METHOD", from: "data.id" }],
  },
  {
    title: "Record a subscription",
    text: "499.00 a month: amounts are whole numbers of cents. What it links to must be the organization's, too. It is `incomplete` as yet.",
    command: ask("POST", "/subscriptions", {
      ...OWNED,
      customer_id: "$CUSTOMER",
      payment_method_id: "$PAYMENT_METHOD",
      billing_address_id: "$ADDRESS",
      total_cents: 49_900,
      currency: "GBP",
      description: "Team plan",
    }),
    status: 201,
    keep: [{ name: "SUBSCRIPTION", from: "data.id" }],
  },
  {
    title: "Report what the provider says",
    text: "A program of yours hears it by a webhook and passes it on; here, with the operator's token. Now it is `active`.",
    command: ask("POST", "/subscriptions/$SUBSCRIPTION/sync", { status: "active" }, OPERATOR),
    status: 200,
    keep: [],
  },
  {
    title: "Sign the member in",
    text: "Your application does this, by the [Management API](/docs#createSession), once it knows who somebody is. With an auth service of your own, its sessions do.",
    command: curl({
      method: "POST",
      url: "/api/sessions",
      body: joining("session", { user: one("user", "$USER") }),
    }),
    status: 201,
    keep: [{ name: "MEMBER", from: "meta.token" }],
  },
  {
    title: "See it as the member",
    text: "Everything of the organization's is hers to see, and with her role to manage.",
    command: ask("GET", "/subscriptions?organization_id=$ORGANIZATION", undefined, MEMBER),
    status: 200,
    keep: [],
  },
  {
    title: "Let the member pay",
    text: "She records the intent to pay; the payment is the organization's.",
    command: ask(
      "POST",
      "/payments/intents",
      { ...OWNED, payment_method_id: "$PAYMENT_METHOD", total_cents: 12_000, currency: "GBP" },
      MEMBER,
    ),
    status: 201,
    keep: [{ name: "PAYMENT", from: "data.id" }],
  },
  {
    title: "See what the member may not do",
    text: "Changing the organization takes `organization:update`, which `billing` doesn't have: 403.",
    command: ask("PUT", "/organizations/$ORGANIZATION", { name: "Mary's Engines" }, MEMBER),
    status: 403,
    keep: [],
  },
];
