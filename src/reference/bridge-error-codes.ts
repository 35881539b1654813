import { asEverywhere, type ErrorCodes } from "./error-codes.ts";

/** Every code an error of the Bridge API may have. A test holds the list against the code. */
export const BRIDGE_ERROR_CODES: ErrorCodes = {
  400: {
    ...asEverywhere(
      400,
      "malformed_request",
      "malformed_body",
      "malformed_json",
      "malformed_text",
      "duplicate_key",
      "too_deep",
      "too_many_values",
    ),
    empty_body: "A JSON object is needed.",
    no_object: "The body must be one JSON object.",
    ...asEverywhere(400, "unknown_parameter", "repeated_parameter"),
    invalid_parameter: "A query parameter has a wrong value; `error` says what fits.",
    ...asEverywhere(400, "invalid_value", "invalid_idempotency_key"),
    owner_stays:
      "The owner can't be removed: transfer the ownership first. The Management API says it with 409.",
    owner_role_fixed: "The owner's role is changed by transferring the ownership, and by nothing else.",
    own_role_fixed: "Nobody changes their own role.",
    own_membership: "Nobody removes themselves: leave instead.",
    owner_cannot_leave: "The owner can't leave: transfer the ownership, or delete the organization.",
  },
  401: asEverywhere(401, "unauthorized"),
  403: {
    session_required: "This is for signed-in users: send a session, not a program's token.",
    program_only: "This is for programs: send the operator's or an access token.",
    ...asEverywhere(403, "scope_missing"),
    forbidden:
      "You lack a permission in the organization; or it is none of yours, or there is no such organization.",
    members_left_to_owner: "Your role may manage members, but the organization leaves that to its owner.",
    ...asEverywhere(
      403,
      "role_exceeds_own",
      "organization_limit",
      "pending_limit",
      "owner_only",
      "identity_unverified",
      "identity_without_email",
    ),
  },
  404: {
    ...asEverywhere(404, "not_found"),
    user_not_found: "Nobody has this address: the person must have a user before they can be made a member.",
  },
  405: asEverywhere(405, "method_not_allowed"),
  409: {
    ...asEverywhere(
      409,
      "conflict",
      "idempotency_in_progress",
      "already_member",
      "invitation_pending",
      "owner_changed",
    ),
    in_use: "A subscription or an open payment needs it: end or change that first.",
    payment_not_pending: "Only a pending payment can be changed or confirmed.",
    status_conflict: "The payment can't become that from what it is.",
    subscription_canceled: "The subscription is canceled: nothing of it changes any more.",
  },
  413: asEverywhere(413, "body_too_large"),
  415: {
    unsupported_media_type: "Send `application/json`.",
    ...asEverywhere(415, "unsupported_encoding"),
  },
  422: {
    unknown_field: "There is no such field, or it can't be set here.",
    invalid_field: "A field has a wrong value, or is missing.",
    conflicting_fields: "A field came under two of its names, with two values.",
    card_data_refused: "Something looks like card data: send the token of your payment provider instead.",
    foreign_link: "What a field refers to isn't there, or belongs to somebody else.",
    amount_missing: "`total_cents` is missing, or nothing.",
    amounts_disagree: "The parts of the price don't add up to `total_cents`, or one is negative.",
    payment_method_missing: "The payment has no payment method yet: name one.",
    ...asEverywhere(422, "idempotency_key_reused", "inexact_number"),
  },
  429: {
    ...asEverywhere(429, "too_many_requests", "recipient_limit", "inviter_limit", "inviting_paused"),
    resource_limit: "You have added as many of these as you may in 24 hours.",
  },
  431: { header_too_long: "A header is longer than 1,000 characters; `error` names it." },
  500: asEverywhere(500, "internal_error"),
  503: asEverywhere(503, "unavailable", "timeout", "session_validation_unavailable", "oidc_unavailable"),
};
