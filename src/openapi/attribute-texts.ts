import { DEFAULT_QUOTAS } from "../models/quotas.ts";

const quotas = Object.entries(DEFAULT_QUOTAS)
  .map(([name, most]) => `\`${name}\` ${most}`)
  .join(", ");

/** What an attribute means where its name doesn't say it: by `type.attribute`, or by the attribute alone for every type. */
const TEXTS: Record<string, string> = {
  created_at: "When it came to be.",
  updated_at: "When it last changed.",
  metadata:
    "Whatever you keep beside it: a JSON object of at most 8,192 bytes and 50 keys, nested ones included. Guildhall never looks into it.",
  expires_at: "When it ends by itself.",
  picture: "The address of an image.",
  "meta.token": "What the link in the mail ends with.",
  "meta.user_id": "Which user is meant. To answer an invitation: the user of the invited address.",
  "environment.handle": "Names it in a host or in `X-Environment`. It never changes.",
  "environment.settings": `\`invitation_lifetime_days\`, \`from_name\`, \`locale\`, \`redirect_url\`, \`reminder_days\` (by default 2 and 5 after the mail), \`notify_inviter\` (\`accepted\`, \`declined\`, \`expired\`, \`undelivered\`: each true unless switched off, and changed by itself), \`quotas\` (each a whole number up to 10,000 or \`unlimited\`, and changed by itself; by default ${quotas}), \`complaint_pause_days\` (how long a user sends no invitations after one was reported as spam: 1, and 0 for no pause), \`member_adding\` (\`direct\`, or \`invite\`: people invite others instead of making them members at once), \`member_management\` (\`owner\` or \`owner_and_admins\`: that of new organizations which don't say, here and in the Bridge API); a setting that is left out has its default.`,
  "user.email": "Where mail goes. Compared without regard to case.",
  "user.email_verified":
    "Whether the address is known to be theirs: by a link they followed, or by the word of a program. Users can't set it to true.",
  "user.metadata":
    "What you know about the person. Only programs and signed-in users with `users:read` in the environment see it; for anyone else, the person included, it is left out. At most 8,192 bytes and 50 keys, nested ones included.",
  "user.external_id":
    "What your own system calls the person, unique in the environment. Only programs set it, and those who don't see `metadata` don't see it either.",
  "user.inviting_paused_until":
    "Until when they send no invitations: one was reported as spam, or a program said so. Null: no pause; programs set and lift it. Fellow members always read null.",
  "session.ip": "From where the session was started, as you say.",
  "session.user_agent": "By what the session was started, as you say.",
  "session.last_active_at": "When it was last started or touched.",
  "session.revoked_at": "When it was ended; null while it wasn't.",
  "api_client.client_id": "What it names itself by at `POST /oauth/token`: its id.",
  "api_client.scopes": "The most its access tokens may allow.",
  "api_client.last_used_at": "When it last got a token, to the minute.",
  "organization.slug": "A name for addresses, unique in the environment.",
  "organization.external_id":
    "What your own system calls it, unique in the environment. Only programs set it.",
  "organization.metadata":
    "Whatever your own systems keep beside it. Only programs set it; members see it. At most 8,192 bytes and 50 keys, nested ones included.",
  "organization.public_metadata":
    "Whatever its members keep beside it, so it is no proof of anything. The Bridge API calls it `metadata`. At most 8,192 bytes and 50 keys, nested ones included.",
  "membership.metadata":
    "What the organization keeps about the member, set by anyone who may manage members; don't keep your own keys here. At most 8,192 bytes and 50 keys, nested ones included.",
  "invitation.metadata":
    "Given to the membership on acceptance. Anyone who may invite sets it. At most 8,192 bytes and 50 keys, nested ones included.",
  "organization.address": "As it is written on an envelope: up to 10 lines.",
  "organization.country": "ISO 3166-1, two letters.",
  "organization.owner_email":
    "Whom to invite as its owner, where the relationship `owner` names nobody. For programs. Until somebody accepts, the organization has no owner; `POST /api/invitations` with the role `owner` invites again.",
  "meta.revoked_invitations":
    "How many pending invitations were revoked, because their inviter could no longer send them.",
  "organization.member_management":
    "Who manages members: the `owner` alone, or `owner_and_admins`: whoever has `members:manage`.",
  "invitation.email": "Where the invitation goes.",
  "invitation.first_name":
    "What to call the person. A user without a name has it from acceptance on, as `last_name`.",
  "invitation.last_name": "As `first_name`.",
  "invitation.role_ids": "The roles its acceptance gives. None named: `member`.",
  "invitation.message": "A personal line in the mail.",
  "invitation.locale":
    "The language of the mail and of its page; where there is no translation, or none is asked for, the environment's, else English.",
  "invitation.send_mail": "False: no mail goes out, and a program takes the link by `/link`. Programs alone.",
  "received_invitation.role_names": "What acceptance makes one.",
  "received_invitation.status": "Only a `pending` one can be answered.",
  "meta.expires_at": "Until when it can be answered; by default the environment's lifetime from now.",
  "meta.dry_run": "True: it is only counted and judged what would be done.",
  "meta.against_their_wish":
    "True: those are lifted, too, whose owners complained or opted out. Needed for the reasons `complained` and `opted_out`.",
  "meta.lifted_count": "How many were lifted.",
  "meta.remaining_count": "How many still match: in a dry run all that would be lifted.",
  "meta.sample": "The oldest ten that still match.",
  "meta.link": "What a person opens to answer.",
  "invitation.status": "Only a `pending` one can be answered.",
  "invitation.delivery_status": "What became of its newest mail.",
  "invitation.expires_at": "Until when it can be answered; by default 7 days, 365 at most.",
  "invitation_batch.rows":
    "1 to 10,000, each with the attributes of an invitation. One that is wrong stops no other.",
  "invitation_batch.kind":
    "`invite` makes invitations; `resend` sends those there are once more, and may span organizations where a program asked for it.",
  "invitation_batch.dry_run":
    "True: every row is judged as if it were done, and nothing is. Rows that would be done are `created`, without an invitation, or `resent`.",
  "invitation_batch.status":
    "`queued`, then `running`, then `completed`; or `canceled`. Batches of one organization run one after another.",
  "invitation_batch.total_count":
    "How many rows were sent. It is what was created, resent, failed, is a duplicate, and what is left.",
  "invitation_batch.created_count": "How many were invited; in a dry run, how many would be.",
  "invitation_batch.resent_count": "How many were resent; in a dry run, how many would be.",
  "invitation_batch.failed_count": "How many could not be: their rows say why.",
  "invitation_batch.duplicate_count": "How many are to an address an earlier row is to.",
  "invitation_batch.started_at": "When the first rows were done.",
  "invitation_batch.completed_at": "When the last row was done.",
  "invitation_batch.canceled_at": "When it was canceled, or its organization deleted.",
  "invitation_batch_row.number": "Its place in what was sent, from 1; of a file, below its row of columns.",
  "invitation_batch_row.line":
    "The line of the file it begins in, from 1; null for a row of a document. A cell may hold line breaks, so it is not the number.",
  "invitation_batch_row.email":
    "What was sent, as it was sent, be it an address or not; null where there was no text.",
  "invitation_batch_row.status":
    "`queued`, then `created` or `resent`, or `failed`. A `duplicate` is left out from the start, as are those `canceled` from then on.",
  "invitation_batch_row.code":
    "Why it failed, for programs: a code of errors, as a single invitation would have.",
  "invitation_batch_row.detail": "Why it failed, for people.",
  "delivery.seq":
    "The how-manieth mail of its kind; of a reminder its day, and 1,000 more for every time the invitation was resent.",
  "delivery.attempts": "How often it was tried.",
  "delivery.message_id": "The mail's `Message-ID`, the same in every attempt.",
  "delivery.smtp_code": "The last answer of the mail server.",
  "delivery.reply": "The last answer of the mail server, in its words.",
  "delivery.timeline":
    "What happened, in the order we came to know it: `attempt`, `sent`, `deferred` and so on by us; `delivered`, `bounced`, `complained` as the mail provider tells later.",
  "delivery.due_at": "When it is tried next; null once it is settled.",
  "suppression.email": "The address, in lower case.",
  "suppression.reason":
    "It `bounced` for good, its owner `complained` of a mail, or `opted_out` of invitations; notices of their own invitations still reach who opted out.",
  "suppression.detail": "What the mail server or the provider said, or you noted.",
  "role.is_system": "Whether it is one of the four that are there from the start.",
  "role.user_count":
    "How many users have it, for callers with `users:read` in the environment; for anyone else only for a role of an organization. Above 1,000 assignments, and among what is included, it is left out unless `fields[role]` names it; above 1,000 it also takes `users:read`.",
  "role.permission_count": "How many permissions it has.",
  "permission.environment_only":
    "Whether it means something in the environment only, such as a permission of your staff. Then owners of organizations don't have it. By default they do.",
  "permission.name": "`resource:action`. It never changes: programs ask for it.",
  "event.event_type": "What happened, such as `membership.created`.",
  "event.actor_kind": "What kind of caller did it.",
  "event.data": "What else is worth knowing, by type.",
  "event.subject_id": "What it happened to.",
  "event.organization_id": "Where it happened; it may be gone by now.",
  "event.request_id": "The request that did it: `X-Request-Id` of its answer.",
  "organization_deletion.organization_id": "What is deleted.",
  "organization_deletion.organization_name": "What it was called.",
  "organization_deletion.planned": "Rows per table, counted at the start.",
  "organization_deletion.done": "Rows per table, worked off so far.",
};

export function attributeText(type: string, attribute: string): string | undefined {
  return TEXTS[`${type}.${attribute}`] ?? TEXTS[attribute];
}
