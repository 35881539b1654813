import { exampleId } from "./example-values.ts";

const LATER = "2026-11-21T16:05:00.000Z";

/** By operation, what its answer shows that neither its request nor the record as it usually is says. */
export const BRIDGE_OUTCOMES: Record<string, object> = {
  bridgeDeleteOrganization: { id: exampleId("del") },
  bridgeReadDeletionOfOrganization: {
    id: exampleId("del"),
    state: "completed",
    done: { subscriptions: 1, payments: 1, addresses: 1, memberships: 2 },
    completed_at: LATER,
    updated_at: LATER,
  },
  bridgeCreateSubscription: { status: "incomplete", provider_subscription_id: null },
  bridgeCancelSubscription: {
    cancel_reason: "We grew out of it",
    canceled_at: LATER,
    updated_at: LATER,
    next_billing_date: null,
  },
  bridgeUpdatePaymentIntent: { subtotal_cents: 24_000 },
  bridgeConfirmPaymentIntent: { status: "processing", confirmed_at: LATER, updated_at: LATER },
  bridgeSyncPaymentIntent: { confirmed_at: LATER, synced_at: LATER, completed_at: LATER, updated_at: LATER },
};

/** Fields of records as they might be: by `type.field`, or by the field alone. What isn't here is null. */
export const BRIDGE_VALUES: Record<string, unknown> = {
  user_id: exampleId("user"),
  organization_id: exampleId("org"),
  customer_id: exampleId("cust"),
  payment_method_id: exampleId("pm"),
  billing_address_id: exampleId("addr"),
  provider_id: "stripe",
  metadata: {},
  name: "Acme Corp",
  email: "office@acme.example",
  country: "GB",
  currency: "GBP",
  tax_cents: 0,
  discount_cents: 0,
  is_default: true,
  is_partial: false,
  is_business: false,

  "organization.owner_user_id": exampleId("user"),
  "organization.member_management": "owner",
  "organization.your_role": "owner",
  "organization.your_roles": ["owner"],
  "organization.role": "owner",
  "organization.roles": ["owner"],
  "organization.organization_name": "Acme Corp",
  "organization.state": "detaching",
  "organization.planned": { subscriptions: 1, payments: 1, addresses: 1, memberships: 2 },
  "organization.done": {},

  "member.user_name": "Grace Hopper",
  "member.user_first_name": "Grace",
  "member.user_last_name": "Hopper",
  "member.user_email": "grace@acme.example",
  "member.role": "admin",
  "member.roles": ["admin"],

  "subscription.status": "active",
  "subscription.product_id": "team-plan",
  "subscription.provider_subscription_id": "sub_1QxZ",
  "subscription.description": "Team plan",
  "subscription.subtotal_cents": 49_900,
  "subscription.total_cents": 49_900,
  "subscription.billing_interval": "monthly",
  "subscription.interval_multiplier": 1,
  "subscription.current_period_start": "2026-11-20T09:30:00.000Z",
  "subscription.current_period_end": "2026-12-20T09:30:00.000Z",
  "subscription.next_billing_date": "2026-12-20T09:30:00.000Z",
  "subscription.cancel_at_period_end": false,

  "payment_method.type": "card",
  "payment_method.provider_payment_method_token": "pm_1QxZ",
  "payment_method.card_brand": "visa",
  "payment_method.last_four": "4242",
  "payment_method.expiry_month": "09",
  "payment_method.expiry_year": "2029",

  "address.type": "billing",
  "address.line1": "1 Analytical Row",
  "address.city": "London",
  "address.postal_code": "EC1A 1AA",
  "address.email": null,

  "payment.status": "requires_confirmation",
  "payment.description": "Onboarding, one day",
  "payment.reference_code": "INV-1017",
  "payment.subtotal_cents": 12_000,
  "payment.total_cents": 12_000,
};
