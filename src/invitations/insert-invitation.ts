import { statement } from "../db/statement.ts";
import { type SendingLimit, sendingLimitSql } from "./mail-limits.ts";

/** What the statement found, whether or not it wrote. */
export interface Verdict {
  organization_found: boolean;
  may_invite: boolean;
  expiry_allowed: boolean;
  already_member: boolean;
  missing_role_ids: string[];
  owner_role_ids: string[];
  /** Names of permissions the inviter lacks. */
  exceeding_permissions: string[];
  /** What keeps the email from being sent; null: nothing. */
  sending_limit: SendingLimit | null;
  /** The new row; null when something forbids it or a pending invitation for the address exists. */
  invitation: object | null;
}

/**
 * Invites in one round trip, which is one transaction: judges, lapses an overdue invitation of that address, and
 * writes the invitation, its roles, its delivery and its events.
 *
 * `for share` holds off a deletion of the organization until this commits, and finds none that has committed, yet lets
 * any number of invitations to one organization be written at once. The insert reads `lapsed` so that the overdue row
 * has left the index of pending ones before; the index itself decides between two that come at once. `lapsed` subtracts
 * so that it can't be looked up by expiry, which would read every overdue invitation there is.
 */
export const insertInvitation = statement<Verdict>(
  "insert-invitation",
  `
  with organization as (
    select o.id, o.owner_user_id, e.settings
    from organizations o join environments e on e.id = o.environment_id
    where o.id = $2 and o.environment_id = $1 and o.deleting_at is null
    for share of o
  ),
  -- What has been committed while this waited for the lock counts: a membership begun, a right lost.
  inviter as materialized (
    select
      case when $8::text is not null then permissions_now($8, $2) end as held,
      is_member_now($4, $2) as already_member
    from organization
  ),
  asked as (
    select distinct unnest($5::text[]) as id
    union
    select id from roles where $5::text[] = '{}' and environment_id = $1 and is_system and name = 'member'
  ),
  granted as (
    select r.id, r.is_system and r.name = 'owner' as is_owner,
      array(
        select p.name from role_permissions rp join permissions p on p.id = rp.permission_id
        where (select held from inviter) is not null
          and rp.role_id = r.id and p.name <> all ((select held from inviter)::text[])
      ) as beyond
    from asked join roles r using (id)
    where r.environment_id = $1 and (r.organization_id is null or r.organization_id = $2)
  ),
  -- The operator has no limit, and what we don't email needs none.
  limited as materialized (
    select l.* from organization, ${sendingLimitSql(
      { environment: "$1", organization: "$2", address: "$4", user: "$8" },
      "settings",
      { isNew: true },
    )} l
    where $17 <> 'operator' and $18
  ),
  verdict as (
    select
      (select to_jsonb(limited) from limited) as sending_limit,
      exists (select from organization) as organization_found,
      $12::timestamptz is null or ($12 > now() and $12 <= now() + interval '365 days') as expiry_allowed,
      coalesce((select 'members:manage' = any (held) from inviter), true) as may_invite,
      coalesce((select already_member from inviter), false) as already_member,
      array(select id from asked except select id from granted) as missing_role_ids,
      -- Only a program invites an owner, and only while there is none.
      array(
        select id from granted where is_owner and ($8::text is not null or (select owner_user_id from organization) is not null)
      ) as owner_role_ids,
      array(select distinct unnest(beyond) from granted order by 1) as exceeding_permissions
  ),
  allowed as (
    select from verdict
    where organization_found and may_invite and expiry_allowed and not already_member
      and sending_limit is null and missing_role_ids = '{}' and owner_role_ids = '{}' and exceeding_permissions = '{}'
  ),
  lapsed as (
    update invitations set status = 'expired', expired_at = now(), updated_at = now()
    where organization_id = $2 and email_canonical = $4 and status = 'pending' and expires_at - now() <= '0'
      and exists (select from allowed)
    returning id
  ),
  created as (
    insert into invitations
      (id, environment_id, organization_id, email, email_canonical, first_name, last_name, inviter_user_id, message,
        locale, metadata, expires_at)
    select $7, $1, $2, $3, $4, $19, $20, $8, $9, $10, $11::jsonb,
      coalesce($12, now() + make_interval(days => coalesce((settings->>'invitation_lifetime_days')::int, $13)))
    from allowed, organization
    where (select count(*) from lapsed) >= 0
    on conflict (organization_id, email_canonical) where status = 'pending' do nothing
    returning *
  ),
  roles_written as (
    insert into invitation_roles (invitation_id, environment_id, role_id)
    select created.id, $1, granted.id from created, granted
  ),
  delivery_written as (
    insert into mail_deliveries (
      id, environment_id, organization_id, invitation_id, kind, seq, email, email_canonical, sender_user_id
    )
    select $14, $1, $2, id, 'invitation', token_version, email, email_canonical, inviter_user_id from created where $18
  ),
  events_written as (
    insert into events (id, environment_id, type, actor_kind, actor_user_id, organization_id, subject_id, data, request_id)
    select $15, $1, 'invitation.created', $17, $8, $2, id, jsonb_build_object('email', email), $6 from created
    union all
    select $16, $1, 'invitation.expired', 'system', null, $2, id, '{}', $6 from lapsed
  )
  select verdict.*, (
    select to_jsonb(created) || jsonb_build_object(
      'role_ids', array(select id from granted order by id), 'delivery_state', case when $18 then 'pending' end
    ) from created
  ) as invitation
  from verdict`,
);
