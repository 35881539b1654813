import { statement } from "../db/statement.ts";
import type { Actor } from "../events/record-events.ts";
import { PROVEN_ADDRESS } from "../users/find-or-create-verified-user.ts";
import { lockedOpen, withSummary } from "./lock-open.ts";
import { noticeSql } from "./notify-inviter.ts";

interface Answering {
  id: string;
  /** Null: any. */
  environment_id: string | null;
  /** The version of the link; null: a user answers. */
  token_version: number | null;
  /** The user who answers, of the invited address; null: the holder of the link. */
  user_id: string | null;
  actor_kind: Actor["kind"];
  actor_user_id: string | null;
  request_id: string | null;
  new_user_id: string;
  membership_id: string;
  membership_role_id: string;
  delivery_id: string;
  user_event_id: string;
  accepted_event_id: string;
  membership_event_id: string;
  /** Whether the transaction goes on, so that more can be done in it. */
  goes_on: boolean;
}

/** What was written. */
export interface Written {
  /** The accepted row with its summary, as JSON. */
  invitation: object;
  environment_id: string;
  organization_id: string;
  user_id: string;
  membership_id: string;
  /** Whether the address of a user who was there already has been proven for the first time. */
  proven_now: boolean;
  /** Whether the organization has no owner. */
  ownerless: boolean;
}

/**
 * Accepts in one round trip, which is one transaction: locks the organization and the invitation, judges its inviter
 * again, finds or creates the user, and writes the answer, the membership with its roles, the notice and the events.
 * Returns no row and writes nothing when the invitation can't be accepted.
 *
 * Two cases take further statements, so they are accepted only if the transaction goes on: an organization's first
 * owner, and a user whose address is proven only now.
 */
export const writeAcceptance = statement<Written, Answering>(
  "accept-invitation",
  {
    id: "text",
    environment_id: "text",
    token_version: "int",
    user_id: "text",
    actor_kind: "text",
    actor_user_id: "text",
    request_id: "text",
    new_user_id: "text",
    membership_id: "text",
    membership_role_id: "text",
    delivery_id: "text",
    user_event_id: "text",
    accepted_event_id: "text",
    membership_event_id: "text",
    goes_on: "boolean",
  },
  `
  with ${lockedOpen({ id: ":id", environment: ":environment_id", tokenVersion: ":token_version" })},
  judged as materialized (
    select *, roles_given_now(id, organization_id, inviter_user_id) as role_ids from open
  ),
  acceptable as (
    select * from judged
    where role_ids is not null and (
      :goes_on or owner_user_id is not null
      or not exists (select from roles where id = any (role_ids) and is_system and name = 'owner')
    )
  ),
  by_link as (
    insert into users (id, environment_id, email, email_canonical, first_name, last_name, email_verified_at)
    select :new_user_id, environment_id, email, email_canonical, first_name, last_name, now()
    from acceptable where :user_id is null
    ${PROVEN_ADDRESS}
    where :goes_on or users.email_verified_at is not null
    returning id, email_verified_at = now() as proven_now
  ),
  by_user as materialized (
    select u.id from acceptable a
    join users u on u.id = :user_id and u.environment_id = a.environment_id and u.email_canonical = a.email_canonical
    for key share of u
  ),
  named as (
    update users u set first_name = a.first_name, last_name = a.last_name, updated_at = clock_timestamp()
    from by_user, acceptable a
    where u.id = by_user.id and coalesce(u.first_name, u.last_name) is null
      and coalesce(a.first_name, a.last_name) is not null
  ),
  invitee as (
    select id, id = :new_user_id as is_new, proven_now and id <> :new_user_id as proven_now from by_link
    union all
    select id, false, false from by_user
  ),
  accepted as (
    update invitations i set status = 'accepted', accepted_at = clock_timestamp(), accepted_by_user_id = invitee.id,
      updated_at = clock_timestamp()
    from invitee where i.id = :id
    returning i.*
  ),
  joined as (
    insert into memberships (id, environment_id, organization_id, user_id, metadata)
    select :membership_id, environment_id, organization_id, accepted_by_user_id, metadata from accepted
    -- Changes nothing, but returns the membership that is there already.
    on conflict (organization_id, user_id) do update set environment_id = excluded.environment_id
    returning id, id = :membership_id as is_new
  ),
  roles_written as (
    insert into membership_roles (id, environment_id, organization_id, membership_id, role_id)
    -- One id makes all: its end is random, and an invitation has at most 50 roles.
    select left(:membership_role_id, -2) || lpad(to_hex(role.n), 2, '0'), environment_id, organization_id, joined.id, role.id
    from joined, acceptable, unnest(role_ids) with ordinality role(id, n)
    on conflict (membership_id, role_id) do nothing
  ),
  notice_written as (
    ${noticeSql({ id: ":delivery_id", of: "accepted", kind: "invitation-accepted" })}
  ),
  events_written as (
    insert into events (id, environment_id, type, actor_kind, actor_user_id, organization_id, subject_id, data, request_id)
    select id_at(event.id, clock_timestamp()), environment_id, type, :actor_kind, :actor_user_id, of_organization, subject_id, data, :request_id
    from accepted, invitee, joined, jsonb_build_object('user_id', invitee.id) as about, lateral (values
      (:user_event_id, 'user.created', null, invitee.id, '{}', invitee.is_new),
      (:accepted_event_id, 'invitation.accepted', organization_id, accepted.id, about, true),
      (:membership_event_id, 'membership.created', organization_id, joined.id, about, joined.is_new)
    ) event(id, type, of_organization, subject_id, data, happened)
    where happened
  )
  select ${withSummary("accepted", "role_ids")} as invitation, accepted.environment_id, accepted.organization_id,
    invitee.id as user_id, joined.id as membership_id, proven_now, owner_user_id is null as ownerless
  from accepted, invitee, joined, acceptable`,
);
