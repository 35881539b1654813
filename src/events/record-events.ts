import type { Knex } from "knex";
import { statement } from "../db/statement.ts";
import { newId } from "../lib/id.ts";

/** Who did it, as the events record it. */
export interface Actor {
  /** An `invitee` has a link and no session; `system` is the schedule. */
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

/** The kinds of resources an organization can share. */
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

/** The row an event happened to. */
export interface Subject {
  id: string;
  environment_id: string;
  /** Null for a row that belongs to no organization. */
  organization_id: string | null;
}

/** Appends an event to the log, inside the transaction in which it happens. */
export function recordEvent(
  trx: Knex.Transaction,
  actor: Actor,
  type: EventType,
  { id: subject_id, environment_id, organization_id }: Subject,
  data: NewEvent["data"] = {},
): Promise<void> {
  return recordEvents(trx, actor, [{ type, environment_id, organization_id, subject_id, data }]);
}

const insertEvents = statement<never, { events: string }>(
  "record-events",
  { events: "jsonb" },
  `
  insert into events (id, environment_id, type, actor_kind, actor_user_id, organization_id, subject_id, data, request_id)
  select id, environment_id, type, actor_kind, actor_user_id, organization_id, subject_id, data, request_id
  from jsonb_populate_recordset(null::events, :events)`,
);

/** Appends any number of events, in one statement with one parameter. */
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
