type Sentences = Record<number, Record<string, string>>;

/** What both APIs answer. */
const COMMON = {
  400: {
    malformed_request: "The request is malformed, such as `%zz` in its path. Encode the URL properly.",
    malformed_body: "The body is incomplete or not UTF-8. Send all of it, as UTF-8.",
    malformed_json: "Send valid JSON, without forbidden keys such as `__proto__`.",
    malformed_text: "The body holds a NUL or half a character, which can't be stored. Remove it.",
    duplicate_key: "An object has the same key twice. Send it once.",
    too_deep: "The body is nested deeper than 20 levels. Send a flatter one.",
    too_many_values: "The body has too many keys or items. Send fewer; the answer says how many fit.",
    unknown_parameter: "The endpoint has no such query parameter. Check the spelling, or leave it out.",
    repeated_parameter: "A query parameter was sent twice. Send it once.",
    invalid_parameter: "A query parameter has an invalid value. The answer says what is valid.",
    invalid_value: "A value can't be stored. Send another.",
    invalid_idempotency_key: "Send one `Idempotency-Key` of 1 to 255 printable ASCII characters.",
  },
  401: { unauthorized: "Send a credential that is valid in this environment and hasn't expired." },
  403: {
    session_required: "Only signed-in users may do this. Send a session.",
    program_only: "Only programs may do this. Send the operator's token or an access token.",
    scope_missing: "The access token lacks a scope. Ask for it at `/oauth/token`; the answer names it.",
    owner_only: "Only the owner decides who manages members and who owns the organization next.",
    pending_limit: "The organization has as many pending invitations as it may. Revoke some.",
    organization_limit: "You have created as many organizations as you may. Ask the operator for more.",
    role_exceeds_own: "You can't grant or take away permissions you don't have. Ask someone who has them.",
    identity_unverified: "Another user has your address. Verify it with the service you sign in with.",
    identity_without_email: "The service you sign in with shares no usable email address. Add one there.",
  },
  404: { not_found: "This doesn't exist, or you may not see it. Check the id and the environment." },
  405: { method_not_allowed: "The path doesn't take this method. `Allow` lists the methods it takes." },
  409: {
    conflict: "Something with these values exists already, or something the request refers to is gone.",
    idempotency_in_progress: "This request is still running. Send it again after `Retry-After` seconds.",
    already_member: "This person is already a member.",
    invitation_pending: "The address already has a pending invitation. Resend or revoke that one.",
    owner_changed: "Someone else has become the owner since. Read the organization again.",
  },
  413: { body_too_large: "Send at most 64 KiB, 4 MiB for a batch of invitations, 1 MiB to `/mail-events`." },
  415: { unsupported_encoding: "Send the body without a `Content-Encoding`." },
  422: {
    inexact_number: "A number is too large or would be rounded. Send it as a string.",
    idempotency_key_reused: "This key came with another body or query before. Use a new one.",
  },
  429: {
    too_many_requests: "You have sent too many requests. Wait `Retry-After` seconds.",
    recipient_limit: "The address was sent too many invitations in 24 hours. Wait `Retry-After` seconds.",
    inviter_limit: "You have sent as many invitations as you may in 24 hours. Wait `Retry-After` seconds.",
    inviting_paused: "Inviting is paused for you, after a spam report or by the operator. Ask the operator.",
  },
  431: { header_too_long: "A header is longer than 1,000 characters. Shorten it; the answer names it." },
  500: { internal_error: "Something went wrong on our side. Give support the request id." },
  503: {
    unavailable: "Guildhall is busy or can't reach its database. Try again after `Retry-After` seconds.",
    timeout:
      "The request took too long, and may have taken effect. Check, or repeat it with the same `Idempotency-Key`.",
    session_validation_unavailable:
      "The service that knows your session can't be reached. You are still signed in: try again shortly.",
    oidc_unavailable:
      "The service that signed your token can't be reached. You are still signed in: try again shortly.",
  },
} satisfies Sentences;

/** What only the Management API answers, or answers in words of its own. */
const MANAGEMENT = {
  400: {
    malformed_csv: "The file is not valid CSV, such as one with a broken quote. The answer names the row.",
    empty_body: "Send a JSON:API document.",
    no_document: "Send a JSON:API document: an object with `meta`.",
    no_resource: "Send a JSON:API document whose `data` is one resource object.",
    filter_needed: "Send a filter, so that you don't change everything by mistake.",
    invalid_cursor: "Take cursors from the links of a page with the same sort.",
    include_too_large:
      "`include` would add more than 1,000 resources or 2 MB. Ask for fewer `fields`, or page the related URL.",
  },
  403: {
    operator_only: "Only the operator's token may do this.",
    forbidden: "You lack a permission. The answer names it and says who can give it to you.",
    client_id: "Guildhall assigns ids. Leave `id` out.",
    relationship_not_settable: "This relationship can't be set here. See the resource type it leads to.",
    owner_is_caller: "You become the owner yourself. Leave `owner` out.",
    user_is_caller: "You answer for yourself. Leave `user_id` out.",
    owner_not_grantable: "The role `owner` can't be granted. Transfer the ownership instead.",
    invite_instead: "In this environment, users add members by invitation. Create one instead.",
    user_exceeds_own: "The user has permissions you don't have, so you can't manage them. Ask the operator.",
    system_role: "A system role can't be changed this way. Create a role of your own, or ask the operator.",
    system_permission: "Every environment has this permission. It can't be changed or deleted.",
    wrong_account: "The invitation is for another address. Sign in with that one, or name its user.",
    email_unverified: "Your address is not verified. Use the link in the email.",
  },
  406: { not_acceptable: "Accept `application/vnd.api+json`, with no parameters other than `profile`." },
  409: {
    wrong_type: "The collection holds resources of another type. Send that `type`.",
    id_mismatch: "`id` must be the one in the URL.",
    handle_taken: "Another environment has this handle. Choose another.",
    email_taken: "Another user has this address. Update that user, or send another address.",
    external_id_taken: "Another user has this `external_id`. Choose another, or clear it there first.",
    name_taken: "A role or permission with this name exists. Choose another.",
    organization_exists: "Another organization has this `slug` or `external_id`. Choose another.",
    role_granted: "They already have this role.",
    permission_granted: "The role already has this permission.",
    role_in_use: "Someone has this role, or a pending invitation gives it. Take it away first.",
    permission_in_use: "A role other than `owner` has this permission. Take it away first.",
    lower_role_has_permission: "A lower system role has this permission. Take it from that one first.",
    owner_stays: "The owner can't leave or lose the role. Transfer the ownership first.",
    owns_organization: "The user owns an organization. Transfer or delete it first.",
    has_resources: "The user created payment resources, which can't lose their creator.",
    session_ended: "The session was revoked or has expired. Sign in again.",
    session_of_identity: "The session comes from another service and would start again. Revoke it instead.",
    duplicate_row: "An earlier row of the batch has the same address. Send each address once.",
    batch_limit: "The organization has as many unfinished batches as it may. Wait for one, or cancel one.",
    batch_completed: "The batch is complete, so there is nothing left to cancel.",
    still_pending: "The invitation is still pending. Revoke it, then delete it.",
    invitation_accepted: "The invitation was accepted before.",
    invitation_declined: "The invitation was declined. If that was a mistake, invite the address again.",
    invitation_revoked: "The invitation was revoked. Invite the address again if it should still join.",
    invitation_expired: "The invitation has expired. Resend it to open it again.",
    invitation_superseded: "A newer email has a newer link. Use that one.",
    already_suppressed: "This address is already suppressed. Delete that suppression to send email again.",
    resend_limit: "The invitation was sent too often. Revoke it, and invite the address again later.",
  },
  415: { unsupported_media_type: "Send `application/vnd.api+json`, with no parameter but `profile`." },
  422: {
    unknown_attribute: "There is no such attribute, or it can't be set here.",
    invalid_csv: "The file lacks a column or rows, or has too many of them. The answer says which.",
    invalid_attribute: "An attribute has an invalid value. The answer says what is valid.",
    unknown_relationship: "There is no such relationship.",
    invalid_relationship: "The `data` of a relationship must name resources of its type.",
    unknown_member: "`meta` has no such member.",
    invalid_member: "A member of `meta` has an invalid value. The answer says what is valid.",
    invalid_expires_at: "Give an expiry in the future, at most 365 days away.",
    token_or_user: "Send `token` or `user_id`, not both.",
    two_owners: "Name the owner or invite one, not both.",
    against_their_wish: "These people asked for no more email. To send again, set `meta.against_their_wish`.",
    too_many_invitations: "The filters match more invitations than one request resends. Narrow them.",
    user_missing: "Name the user with `meta.user_id`.",
  },
  429: { resend_too_soon: "The invitation was sent a moment ago. Wait `Retry-After` seconds." },
} satisfies Sentences;

/** The same for the Bridge API. */
const BRIDGE = {
  400: {
    no_object: "Send one JSON object.",
    owner_stays: "The owner can't be removed. Transfer the ownership first.",
    owner_role_fixed: "The owner's role can't be changed. Transfer the ownership instead.",
    own_role_fixed: "You can't change your own role. Ask another manager.",
    own_membership: "You can't remove yourself. Leave the organization instead.",
    owner_cannot_leave: "The owner can't leave. Transfer the ownership, or delete the organization.",
  },
  403: {
    forbidden: "You lack a permission in the organization, are not a member, or it doesn't exist.",
    members_left_to_owner: "Your role may manage members, but only the owner does in this organization.",
  },
  404: { user_not_found: "No user has this address. Only existing users can be added as members." },
  409: {
    in_use: "A subscription or an open payment uses it. End or change that first.",
    payment_not_pending: "Only a pending payment can be changed or confirmed.",
    status_conflict: "The payment can't go from its status to this one.",
    subscription_canceled: "The subscription is canceled and can't be changed.",
  },
  415: { unsupported_media_type: "Send `application/json`." },
  422: {
    unknown_field: "There is no such field, or it can't be set here.",
    invalid_field: "A field is missing or has an invalid value. The answer says what is valid.",
    conflicting_fields: "A field was sent under two of its names with different values. Send it once.",
    card_data_refused: "This looks like card data. Send the token of your payment provider instead.",
    foreign_link: "A field refers to something that doesn't exist or belongs to someone else.",
    amount_missing: "`total_cents` is missing or zero.",
    amounts_disagree: "The parts of the price don't add up to `total_cents`, or one is negative.",
    payment_method_missing: "The payment has no payment method yet. Send `payment_method_id`.",
  },
  429: { resource_limit: "You have added too many of these in 24 hours. Wait `Retry-After` seconds." },
} satisfies Sentences;

/** What `/mail-events`, `/oauth/token` (RFC 6749 §5.2, RFC 8707 §2) and pages answer. */
const ELSEWHERE = {
  400: {
    invalid_request: "A parameter is missing, or was sent twice.",
    unsupported_grant_type: "The only `grant_type` is `client_credentials`.",
    invalid_scope: "The client may not have this scope.",
    invalid_target: "`resource` must be `{base}/api`, where `{base}` is the service's address.",
  },
  401: {
    invalid_client: "The environment has no such client, or the secret is wrong.",
    invalid_signature: "Sign the request with `MAIL_EVENTS_SECRET`, no more than five minutes ago.",
  },
  403: { foreign_form: "The form did not come from our page. Open the link in the email again." },
  422: { invalid_mail_events: "The body is not a list of events, or none is valid. `error` says why." },
} satisfies Sentences;

/** Every error by who answers it, status and code, with what it means and what to do. Codes never change. */
export const ERRORS = { common: COMMON, management: MANAGEMENT, bridge: BRIDGE, elsewhere: ELSEWHERE };
