import { createHash } from "node:crypto";

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** An id as they look: of its prefix, and the same in every example. */
export function exampleId(prefix: string): string {
  const digest = createHash("sha256").update(prefix).digest();
  const tail = [...digest.subarray(0, 18)].map((byte) => ALPHABET[byte % 32]).join("");
  return `${prefix}_01kagx5c${tail}`;
}

/** Values as they might be: by `type.attribute`, or by the attribute alone for every type. */
const VALUES: Record<string, unknown> = {
  created_at: "2026-11-20T09:30:00.000Z",
  updated_at: "2026-11-20T09:30:00.000Z",
  expires_at: "2026-12-20T09:30:00.000Z",
  email: "mary@acme.example",
  metadata: { crm_id: "C-1017" },
  picture: "https://acme.example/mary.png",
  locale: "en",
  description: "Looks after the office",
  "invitation.token": "01kagx5c8wmw5drxrge3rmw4nf00017be1c0d2dfV3nQm0y8bXq2T5wK7uZ1cR4eA6hJ9sL0pN3gM8oYi",
  token: "dfV3nQm0y8bXq2T5wK7uZ1cR4eA6hJ9sL0pN3gM8oYi",
  client_secret: "p9Jx2vQk7LmT4sWzR8nB1cY6uHf3aEd0gKi5oXtVqMw",
  revoked_at: null,
  accepted_at: null,
  declined_at: null,
  expired_at: null,
  "environment.handle": "acme-test",
  "environment.name": "Acme, for trying out",
  "environment.settings": { invitation_lifetime_days: 14, from_name: "Acme" },
  "user.email_verified": true,
  "user.first_name": "Mary",
  "user.last_name": "Somerville",
  "user.inviting_paused_until": null,
  "session.ip": "203.0.113.7",
  "session.user_agent": "Mozilla/5.0",
  "session.last_active_at": "2026-11-21T16:05:00.000Z",
  "api_client.name": "Payroll",
  "api_client.scopes": ["memberships:read", "users:read"],
  "api_client.last_used_at": "2026-11-21T16:05:00.000Z",
  "organization.public_metadata": { team_size: 12 },
  "organization.name": "Acme Corp",
  "organization.slug": "acme-corp",
  "organization.business_email": "office@acme.example",
  "organization.business_phone": "+44 20 7946 0018",
  "organization.tax_id": "GB123456789",
  "organization.address": "1 Analytical Row, London",
  "organization.country": "GB",
  "organization.picture": "https://acme.example/logo.png",
  "organization.external_id": "C-1017",
  "organization.member_management": "owner_and_admins",
  "invitation.message": "Will you look after our books?",
  "invitation.status": "pending",
  "invitation.delivery_status": "sent",
  "invitation_batch.dry_run": false,
  "invitation_batch.message": "Welcome to the team!",
  "invitation_batch.status": "running",
  "invitation_batch.total_count": 250,
  "invitation_batch.created_count": 99,
  "invitation_batch.failed_count": 1,
  "invitation_batch.duplicate_count": 2,
  "invitation_batch.started_at": "2026-11-20T09:30:01.000Z",
  "invitation_batch.completed_at": null,
  "invitation_batch.canceled_at": null,
  "invitation_batch_row.number": 1,
  "invitation_batch_row.status": "created",
  "received_invitation.organization_name": "Acme Corp",
  "received_invitation.inviter_name": "Mary Major",
  "received_invitation.role_names": ["member"],
  "received_invitation.message": "Will you look after our books?",
  "received_invitation.status": "pending",
  "delivery.kind": "invitation",
  "delivery.seq": 1,
  "delivery.state": "sent",
  "delivery.attempts": 1,
  "delivery.message_id": "<dlv.1@guildhall.example>",
  "delivery.smtp_code": 250,
  "delivery.reply": "2.0.0 Ok: queued",
  "delivery.due_at": null,
  "delivery.sent_at": "2026-11-20T09:30:01.000Z",
  "delivery.timeline": [
    { at: "2026-11-20T09:30:00.000Z", what: "queued" },
    { at: "2026-11-20T09:30:00.400Z", what: "attempt" },
    { at: "2026-11-20T09:30:01.000Z", what: "sent", smtp_code: 250, reply: "2.0.0 Ok: queued" },
    { at: "2026-11-20T09:31:12.000Z", what: "delivered" },
  ],
  "suppression.email": "mary@acme.example",
  "suppression.reason": "opted_out",
  "suppression.detail": null,
  "role.name": "Office manager",
  "role.is_system": false,
  "role.user_count": 1,
  "role.permission_count": 2,
  "permission.name": "parking:book",
  "permission.description": "Book a parking space",
  "event.event_type": "membership.created",
  "event.actor_kind": "user",
  "event.data": { user_id: exampleId("user") },
  "event.request_id": "0b1d2c7e-6c0f-4a51-9f0e-2f8f4f7f2b1a",
  "event.subject_id": exampleId("orguser"),
  "organization_deletion.organization_name": "Acme Corp",
  "organization_deletion.state": "detaching",
  "organization_deletion.planned": { subscriptions: 2, invitations: 1, memberships: 4, roles: 1 },
  "organization_deletion.done": { subscriptions: 2 },
  "organization_deletion.completed_at": null,
  planned: { subscriptions: 2, invitations: 1, memberships: 4, roles: 1 },
  user_id: exampleId("user"),
  link: "https://guildhall.example/i/…",
  "query.organization": exampleId("org"),
  organization_id: exampleId("org"),
  client_id: exampleId("client"),
  role_ids: [exampleId("role")],
};

const LATER = "2026-11-21T16:05:00.000Z";
const ACCEPTED = { status: "accepted", accepted_at: LATER, updated_at: LATER };
const DECLINED = { status: "declined", declined_at: LATER, updated_at: LATER };

/** By operation: the attributes that its answer shows instead of the usual ones, because of what it just did. */
export const EXAMPLE_OUTCOMES: Record<string, object> = {
  createInvitation: { delivery_status: "queued" },
  resendInvitation: { delivery_status: "queued", updated_at: LATER },
  acceptInvitation: ACCEPTED,
  acceptInvitationByLink: ACCEPTED,
  declineInvitation: DECLINED,
  declineInvitationByLink: DECLINED,
  revokeInvitation: { status: "revoked", revoked_at: LATER, updated_at: LATER },
  createInvitationBatch: {
    status: "queued",
    total_count: 1,
    created_count: 0,
    failed_count: 0,
    duplicate_count: 0,
    started_at: null,
  },
  cancelInvitationBatch: { status: "canceled", canceled_at: LATER, updated_at: LATER },
  createSession: { last_active_at: "2026-11-20T09:30:00.000Z" },
  revokeSession: { revoked_at: LATER, updated_at: LATER },
  createApiClient: { last_used_at: null },
  createRole: { user_count: 0, permission_count: 0 },
  deleteOrganization: { done: {} },
};

/** @returns undefined where there is no such value: then the shape alone must do. */
export function exampleValue(type: string, name: string): unknown {
  const key = `${type}.${name}`;
  return Object.hasOwn(VALUES, key) ? VALUES[key] : VALUES[name];
}
