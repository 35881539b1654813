/** By status, by code: what it means and what to do. */
export type ErrorCodes = Record<number, Record<string, string>>;

/** Every code an error of the Management API may have. A test holds the list against the code. */
export const ERROR_CODES: ErrorCodes = {
  400: {
    malformed_request: "The request itself is broken, such as `%zz` in its path.",
    malformed_body: "The body is cut off or no UTF-8.",
    malformed_json: "The body is not JSON, or has a forbidden key such as `__proto__`.",
    malformed_csv: "The file is no CSV, such as one with a broken quote; `detail` says in which row.",
    malformed_text: "The body holds a NUL character or half a character; `detail` says where.",
    duplicate_key: "A key comes twice in one object; `source` says which.",
    too_deep: "The body is nested deeper than 20 levels.",
    too_many_values: "The body holds too many keys or items; `detail` says how many it may hold.",
    empty_body: "A document is needed.",
    no_document: "A document with `meta` is needed.",
    no_resource: "The document's `data` must be one resource object.",
    unknown_parameter: "The endpoint knows no such query parameter.",
    repeated_parameter: "A query parameter came twice.",
    filter_needed: "The action needs a filter, so that nothing is done to everything by mistake.",
    invalid_parameter: "A query parameter has a wrong value; `detail` says what fits.",
    invalid_cursor: "A cursor of another order, or none of ours: take it from a page's links.",
    include_too_large:
      "More than 1,000 resources, or 2 MB of them, would be included: ask for fewer `fields`, or page through the related URL.",
    invalid_value: "A value can't be stored.",
    invalid_idempotency_key: "`Idempotency-Key` must come once, with 1 to 255 printable ASCII characters.",
  },
  401: {
    invalid_signature: "What came to `/mail-events` isn't signed with its secret, or was signed long ago.",
    unauthorized: "No credential, or one that is wrong, expired or of another environment.",
  },
  403: {
    session_required: "This is for signed-in users: send a session.",
    program_only: "This is for programs: the operator's or an access token.",
    operator_only: "Only the operator's token may do this.",
    scope_missing: "The access token lacks the scope.",
    forbidden: "You lack a permission; `detail` names it.",
    client_id: "Ids are given by the service: leave `id` out.",
    relationship_not_settable: "The relationship is there, but not set this way: see its own resource type.",
    owner_is_caller: "You become the owner yourself: leave `owner` out.",
    user_is_caller: "You answer for yourself: leave `user_id` out.",
    owner_only: "Only the owner decides who manages members, and who owns next.",
    owner_not_grantable:
      "The role `owner` is never given: transfer the ownership. Only a program invites an owner, to an organization that has none.",
    invite_instead:
      "People join by invitation in this environment; only programs make them members directly.",
    pending_limit: "The organization has as many pending invitations as it may: revoke some.",
    organization_limit: "You have created as many organizations as you may.",
    role_exceeds_own: "You can't grant or take away permissions you don't have.",
    user_exceeds_own: "The user has rights you don't have, so you can't manage them.",
    system_role:
      "The four system roles keep their names and what they are born with; only programs give admin, billing and member more.",
    system_permission: "The permissions an environment is born with stay.",
    wrong_account:
      "The invitation is for a different address than yours, or than that of the user you named.",
    email_unverified: "Your address is not verified: use the link in the mail.",
    foreign_form: "The form did not come from the invitation's own page.",
    identity_unverified: "Another user has your address: verify it with the service you sign in with.",
    identity_without_email: "The service you sign in with gives no e-mail address of yours.",
  },
  404: { not_found: "There is no such thing here, or it is none of your business." },
  405: { method_not_allowed: "The path answers other methods: see `Allow`." },
  406: { not_acceptable: "Accept `application/vnd.api+json` without parameters other than `profile`." },
  409: {
    wrong_type: "The collection holds another type.",
    id_mismatch: "`id` must be that of the URL.",
    conflict: "Something with these values exists, or something it refers to is gone.",
    idempotency_in_progress:
      "A request with this `Idempotency-Key` is under way: send it again after `Retry-After` seconds.",
    handle_taken: "Another environment has this handle.",
    email_taken: "Another user has this address.",
    external_id_taken: "Another user has this `external_id`.",
    name_taken: "There is a role or permission of this name.",
    organization_exists: "Another organization has this `slug` or `external_id`.",
    already_member: "The person is a member already.",
    role_granted: "They have this role already.",
    permission_granted: "The role has this permission already.",
    role_in_use: "Somebody has the role, or a pending invitation gives it.",
    permission_in_use: "A role other than `owner` has the permission.",
    lower_role_has_permission: "A system role ranked below has the permission: take it from that one first.",
    owner_stays:
      "The owner can't leave or lose the role: transfer the ownership first. The Bridge API says it with 400.",
    owner_changed: "Somebody else became the owner meanwhile.",
    owns_organization: "The user owns an organization: transfer or delete it first.",
    has_resources: "The user has payment resources, which need their creator.",
    session_ended: "The session was revoked or has expired.",
    session_of_identity:
      "The session comes from another service, which would begin it anew: revoke it instead.",
    invitation_pending: "The address has a pending invitation to this organization.",
    duplicate_row: "Of a row: an earlier one is to the same address.",
    batch_limit:
      "The organization has as many unfinished batches as it may, counting everyone's: wait for one to be completed, or cancel one.",
    batch_completed: "The batch is completed: there is nothing left to cancel.",
    still_pending: "The invitation can still be answered: revoke it, then delete it.",
    invitation_accepted: "The invitation was accepted before.",
    invitation_declined: "The invitation was declined.",
    invitation_revoked: "The invitation was withdrawn.",
    invitation_expired: "The invitation has expired: resend it to open it again.",
    invitation_superseded: "A newer mail has a newer link.",
    already_suppressed: "No mail goes to the address by now: lift the suppression there is.",
    resend_limit: "The invitation was sent often enough.",
  },
  413: { body_too_large: "A body has 64 KiB at most, a batch of invitations 4 MiB." },
  415: {
    unsupported_media_type: "Send `application/vnd.api+json` without parameters other than `profile`.",
    unsupported_encoding: "Send the body uncompressed.",
  },
  422: {
    unknown_attribute: "There is no such attribute, or it can't be set here.",
    invalid_csv: "The file lacks a column or rows, or has too many of them; `detail` says which.",
    invalid_attribute: "An attribute has a wrong value.",
    inexact_number: "A number would be rounded, or is too large: send it as a string.",
    unknown_relationship: "There is no such relationship.",
    invalid_relationship: "A relationship must name resources of its type by `data`.",
    unknown_member: "`meta` knows no such member.",
    invalid_member: "A member of `meta` has a wrong value.",
    invalid_expires_at: "The expiry must be in the future, at most 365 days away.",
    token_or_user: "Send `token` or `user_id`, not both.",
    two_owners: "Name the owner or invite one, not both.",
    invalid_mail_events:
      "What came to `/mail-events` is no list of events, or not one of them can be read; `detail` says why.",
    against_their_wish:
      "The owners of the addresses asked for no more email: say by `meta.against_their_wish` that you lift that.",
    too_many_invitations: "More invitations match than one action resends: narrow the filters.",
    user_missing: "Name the user by `meta.user_id`.",
    idempotency_key_reused: "The `Idempotency-Key` came with another body or query before: use a new one.",
  },
  429: {
    too_many_requests: "Wait as many seconds as `Retry-After` says.",
    resend_too_soon: "The invitation was sent a moment ago: wait as long as `Retry-After` says.",
    recipient_limit:
      "The address was emailed many invitations today, by you, your organization or everybody together.",
    inviter_limit: "You have emailed as many invitations as you may in 24 hours.",
    inviting_paused:
      "You can't send invitations for now: one was reported as spam, or the operator paused you.",
  },
  431: { header_too_long: "A header is longer than 1,000 characters; `source.header` names it." },
  500: { internal_error: "Our mistake. Tell support the request id." },
  503: {
    unavailable: "Busy, or the database is away: try again after `Retry-After` seconds.",
    timeout:
      "No answer came in time. A change may have been made: look first, or send the request again with the same `Idempotency-Key`.",
    session_validation_unavailable:
      "The service that knows your session can't be asked: you are not signed out, try again after `Retry-After` seconds.",
    oidc_unavailable:
      "The keys of the service that signed your token can't be had: you are not signed out, try again after `Retry-After` seconds.",
  },
};

/** What the Management API says of them, too. @throws for a code it doesn't know. */
export function asEverywhere(status: number, ...codes: string[]): Record<string, string> {
  const known = Object.entries(ERROR_CODES[status] ?? {}).filter(([code]) => codes.includes(code));
  if (known.length !== codes.length) throw new Error(`unknown among ${codes.join(", ")}`);
  return Object.fromEntries(known);
}
