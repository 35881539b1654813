import type { Knex } from "knex";
import { statement } from "../db/statement.ts";
import { newId } from "../lib/id.ts";

/** Who did it, as events tell it for ever. */
export interface Actor {
  /** `invitee` holds a link and no session; `system` is the schedule. */
  kind: "operator" | "client" | "user" | "invitee" | "system";
  user_id: string | null;
  request_id: string | null;
}

export const SYSTEM: Actor = { kind: "system", user_id: null, request_id: null };

export type EventType =
  | "environment.created"
  | "environment.updated"
  | "user.created"
  | "user.updated"
  | "user.inviting_paused"
  | "user.deleted"
  | "identity.linked"
  | "user_role.created"
  | "user_role.deleted"
  | "session.created"
  | "session.revoked"
  | "session.deleted"
  | "api_client.created"
  | "api_client.updated"
  | "api_client.deleted"
  | "role.created"
  | "role.updated"
  | "role.deleted"
  | "role_permission.created"
  | "role_permission.deleted"
  | "permission.created"
  | "permission.updated"
  | "permission.deleted"
  | "organization.created"
  | "organization.updated"
  | "organization.ownership_transferred"
  | "organization.deletion_started"
  | "organization.deleted"
  | "membership.created"
  | "membership.updated"
  | "membership.removed"
  | "membership_role.created"
  | "membership_role.deleted"
  | "invitation.created"
  | "invitation.accepted"
  | "invitation.declined"
  | "invitation.revoked"
  | "invitation.expired"
  | "invitation.updated"
  | "invitation.resent"
  | "invitation.reminded"
  | "invitation.link_copied"
  | "delivery.failed"
  | "delivery.bounced"
  | "invitation.deleted"
  | "invitation_batch.created"
  | "invitation_batch.completed"
  | "invitation_batch.canceled"
  | "suppression.created"
  | "suppression.deleted"
  | `${ResourceName}.${"created" | "updated" | "deleted"}`
  | "subscription.canceled"
  | "subscription.reported"
  | "payment.confirmed"
  | "payment.reported";

/** What an organization may share. */
export type ResourceName = "customer" | "address" | "payment_method" | "subscription" | "payment";

export interface NewEvent {
  type: EventType;
  environment_id: string;
  organization_id: string | null;
  /** The id of what it happened to. */
  subject_id: string;
  /** Facts worth keeping; never a token. */
  data?: Record<string, unknown>;
}

const insertEvents = statement<never, { events: string }>(
  "record-events",
  { events: "jsonb" },
  `
  insert into events (id, environment_id, type, actor_kind, actor_user_id, organization_id, subject_id, data, request_id)
  select id, environment_id, type, actor_kind, actor_user_id, organization_id, subject_id, data, request_id
  from jsonb_populate_recordset(null::events, :events)`,
);

/**
 * Appends to the log of what happened, inside the transaction in which it happens. One statement with one parameter,
 * so any number of events will do.
 */
export async function recordEvents(trx: Knex.Transaction, actor: Actor, events: NewEvent[]): Promise<void> {
  if (events.length === 0) return;
  const rows = events.map(({ data = {}, ...event }) => ({
    id: newId("evt"),
    ...event,
    data,
    actor_kind: actor.kind,
    actor_user_id: actor.user_id,
    request_id: actor.request_id,
  }));
  await insertEvents(trx, { events: JSON.stringify(rows) });
}
