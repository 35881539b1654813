import { attributeText } from "./attribute-texts.ts";

/** What a field means where its name doesn't say it: by `type.field`, or by the field alone for every type. */
const TEXTS: Record<string, string> = {
  user_id: "Who created it. It stays with them when the organization is deleted.",
  organization_id: "The organization it belongs to; null for what is the creator's own.",
  metadata:
    "Whatever you keep beside it: a JSON object of at most 8,192 bytes and 50 keys, nested ones included. Card data is refused even there.",
  provider_id: "Which payment provider, as you call it: `stripe`.",
  customer_id: "A customer of the same owner.",
  payment_method_id: "A payment method of the same owner.",
  billing_address_id: "An address of the same owner; null: none.",
  is_default: "Whether it is its owner's default. Making one the default ends the one before.",
  currency: "ISO 4217, in either case.",
  subtotal_cents: "Before tax and discount. Left out, it follows from the total.",
  tax_cents: "Added to the subtotal.",
  discount_cents: "Taken off the subtotal.",
  total_cents:
    "What is paid: subtotal + tax − discount, in the currency's smallest unit. Left out, it follows from the parts.",
  concept: "A few words for the bill.",
  alias: "What its owner calls it.",
  status: "Where it stands.",

  "organization.metadata":
    "Whatever its members keep beside it: at most 8,192 bytes and 50 keys, nested ones included. The Management API calls it `public_metadata`; the `metadata` there is for programs.",
  "organization.owner_user_id": "Who owns it; only `transfer-ownership` changes that.",
  "organization.address": "As it is written on an envelope: up to 10 lines.",
  "organization.your_role": "The strongest of the system roles you have there; null with none.",
  "organization.your_roles": "All roles you have there, your environment's own ones too.",
  "organization.organization_id": "What is deleted.",
  "organization.organization_name": "What it was called.",
  "organization.state": "Whether it still goes on.",
  "organization.planned": "Rows per table, counted at the start.",
  "organization.done": "Rows per table, worked off so far.",
  "organization.user_id": "The member who becomes the owner, by their user id.",

  "member.id": "The membership's id: what the paths of members take.",
  "member.organization_id": "Where they are a member.",
  "member.user_id": "Who it is.",
  "member.user_name": "First and last name together.",
  "member.email": "The address of somebody who has a user already.",
  "member.role": "The strongest of the system roles they have: `owner`, `admin`, `billing` or `member`.",
  "member.roles": "All roles they have there.",
  "member.created_at": "Since when they are a member.",

  "subscription.status":
    "`incomplete` or `trialing` until a provider's word is reported; `canceled` once it is over.",
  "subscription.product_id": "What is subscribed to, as you call it.",
  "subscription.provider_subscription_id": "What the provider calls it, once that was reported.",
  "subscription.billing_interval": "How often it is paid.",
  "subscription.interval_multiplier": "Every how many intervals it is paid: 3 with `monthly` is a quarter.",
  "subscription.trial_days": "Days before the first payment is due.",
  "subscription.trial_end": "When the trial ends or ended; null without one.",
  "subscription.current_period_end": "Until when it is paid for, or tried.",
  "subscription.next_billing_date": "When the next payment is due; null once nothing more is.",
  "subscription.cancel_at_period_end": "Whether it ends with its period. `false` at `cancel` ends it now.",
  "subscription.reason": "Why, in your words: `cancel_reason` of the subscription.",
  "subscription.canceled_at":
    "When it was canceled; with `cancel_at_period_end` it goes on until the period is over.",

  "payment_method.type": "What it is.",
  "payment_method.card_brand": "Which brand: `visa`.",
  "payment_method.expiry_month": "Two digits, from `01`.",
  "payment_method.expiry_year": "Four digits.",
  "payment_method.wallet_type": "Which wallet: `apple_pay`.",
  "payment_method.provider_payment_method_token":
    "What your payment provider gave you for it. Never the card's number.",
  "payment_method.customer_id": "The customer the provider knows it under, of the same owner.",
  "payment_method.last_four": "The last four digits, for people to know it by.",

  "address.type": "What it is for. Without one: `billing`.",
  "address.country": "ISO 3166-1, two letters.",
  "address.is_partial": "Whether it may lack street and city; else both are needed.",
  "address.is_business": "Whether it is a company's: then it needs `business_name`.",
  "address.tax_id_type": "What kind of number that is: `eu_vat`.",
  "address.is_default": "Whether it is its owner's default of its type.",

  "customer.email": "Where the provider writes to.",
  "customer.provider_customer_id": "What the provider calls them.",

  "payment.status":
    "Pending (`requires_payment_method`, `requires_confirmation`) until it is confirmed, then what the provider reports.",
  "payment.provider_payment_id": "What the provider calls it, once that was reported.",
  "payment.reference_code": "Your own reference, such as an invoice's number.",
  "payment.tags": "Words to find it by, with commas between.",
  "payment.setup_future_usage": "Whether the payment method is to be kept for later payments.",
  "payment.save_payment_method": "Short for `setup_future_usage: off_session`.",
  "payment.return_url": "Where the provider sends the payer back to.",
  "payment.failure_reason": "Why it failed, in the provider's words.",
  "payment.confirmed_at": "When it was confirmed; null while it is pending.",
  "payment.synced_at": "When the provider's word was last reported.",
  "payment.completed_at": "When it had succeeded, failed or been canceled.",
};

/** What a field of a type means; undefined where its name says it. */
export function bridgeText(type: string, field: string): string | undefined {
  return TEXTS[`${type}.${field}`] ?? TEXTS[field] ?? attributeText(type, field);
}
