import { statement } from "../db/statement.ts";
import type { Actor } from "../events/record-events.ts";
import { type SendingLimit, sendingLimitSql } from "./mail-limits.ts";
import { expiryAllowedSql } from "./new-expiry.ts";

interface Insertion {
  environment_id: string;
  organization_id: string;
  email: string;
  email_canonical: string;
  first_name: string | null;
  last_name: string | null;
  /** Empty: the system role `member`. */
  role_ids: string[];
  message: string | null;
  locale: string | null;
  /** JSON. */
  metadata: string;
  /** Null: after the environment's lifetime, or `lifetime_days` if it has none. */
  expires_at: string | null;
  lifetime_days: number;
  send_mail: boolean;
  /** Null: a program invites. */
  inviter_user_id: string | null;
  actor_kind: Actor["kind"];
  request_id: string | null;
  invitation_id: string;
  delivery_id: string;
  created_event_id: string;
  expired_event_id: string;
}

/** What the statement found, whether or not it wrote the invitation. */
export interface Verdict {
  organization_found: boolean;
  may_invite: boolean;
  expiry_allowed: boolean;
  already_member: boolean;
  missing_role_ids: string[];
  owner_role_ids: string[];
  /** Names of permissions the inviter lacks. */
  exceeding_permissions: string[];
  /** The limit that keeps the email from being sent, if any. */
  sending_limit: SendingLimit | null;
  /** The new row; null if something above forbids it, or the address has a pending invitation. */
  invitation: object | null;
}

/**
 * Checks and writes an invitation in one round trip, which is one transaction. It marks an overdue invitation of the
 * address as expired, and writes the invitation, its roles, its delivery and its events.
 *
 * `for share` makes a deletion of the organization wait for this commit, and sees one that has started, while any number
 * of invitations to the organization can be written at once. The insert reads `lapsed`, so that the overdue row has left
 * the index of pending invitations before it; the index decides between simultaneous ones. `lapsed` subtracts times so
 * that Postgres doesn't use an index by expiry, which would read every overdue invitation there is.
 */
export const insertInvitation = statement<Verdict, Insertion>(
  "insert-invitation",
  {
    environment_id: "text",
    organization_id: "text",
    email: "text",
    email_canonical: "text",
    first_name: "text",
    last_name: "text",
    role_ids: "text[]",
    message: "text",
    locale: "text",
    metadata: "jsonb",
    expires_at: "timestamptz",
    lifetime_days: "int",
    send_mail: "boolean",
    inviter_user_id: "text",
    actor_kind: "text",
    request_id: "text",
    invitation_id: "text",
    delivery_id: "text",
    created_event_id: "text",
    expired_event_id: "text",
  },
  `
  with organization as (
    select o.id, o.owner_user_id, e.settings
    from organizations o join environments e on e.id = o.environment_id
    where o.id = :organization_id and o.environment_id = :environment_id and o.deleting_at is null
    for share of o
  ),
  -- What has been committed while this waited for the lock counts: a membership begun, a right lost.
  inviter as materialized (
    select
      case when :inviter_user_id is not null then permissions_now(:inviter_user_id, :organization_id) end as held,
      is_member_now(:email_canonical, :organization_id) as already_member
    from organization
  ),
  asked as (
    select distinct unnest(:role_ids) as id
    union
    select id from roles
    -- By the index of names, which has the organization.
    where :role_ids = '{}' and environment_id = :environment_id and organization_id is null and is_system
      and name = 'member'
  ),
  granted as (
    select r.id, r.is_system and r.name = 'owner' as is_owner,
      array(
        select p.name from role_permissions rp join permissions p on p.id = rp.permission_id
        where (select held from inviter) is not null
          and rp.role_id = r.id and p.name <> all ((select held from inviter)::text[])
      ) as beyond
    from asked join roles r using (id)
    where r.environment_id = :environment_id and (r.organization_id is null or r.organization_id = :organization_id)
  ),
  -- The operator has no limit, and what we don't email needs none.
  limited as materialized (
    select l.* from organization, ${sendingLimitSql(
      {
        environment: ":environment_id",
        organization: ":organization_id",
        address: ":email_canonical",
        user: ":inviter_user_id",
      },
      "settings",
      { isNew: true },
    )} l
    where :actor_kind <> 'operator' and :send_mail
  ),
  verdict as (
    select
      (select to_jsonb(limited) from limited) as sending_limit,
      exists (select from organization) as organization_found,
      :expires_at is null or ${expiryAllowedSql(":expires_at")} as expiry_allowed,
      coalesce((select 'members:manage' = any (held) from inviter), true) as may_invite,
      coalesce((select already_member from inviter), false) as already_member,
      array(select id from asked except select id from granted) as missing_role_ids,
      -- Only a program invites an owner, and only while there is none.
      array(
        select id from granted
        where is_owner and (:inviter_user_id is not null or (select owner_user_id from organization) is not null)
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
    where organization_id = :organization_id and email_canonical = :email_canonical
      and status = 'pending' and expires_at - now() <= '0'
      and exists (select from allowed)
    returning id
  ),
  created as (
    insert into invitations
      (id, environment_id, organization_id, email, email_canonical, first_name, last_name, inviter_user_id, message,
        locale, metadata, expires_at)
    select :invitation_id, :environment_id, :organization_id, :email, :email_canonical, :first_name, :last_name,
      :inviter_user_id, :message, :locale, :metadata,
      coalesce(
        :expires_at,
        now() + make_interval(days => coalesce((settings->>'invitation_lifetime_days')::int, :lifetime_days))
      )
    from allowed, organization
    where (select count(*) from lapsed) >= 0
    on conflict (organization_id, email_canonical) where status = 'pending' do nothing
    returning *
  ),
  roles_written as (
    insert into invitation_roles (invitation_id, environment_id, role_id)
    select created.id, :environment_id, granted.id from created, granted
  ),
  delivery_written as (
    insert into mail_deliveries (
      id, environment_id, organization_id, invitation_id, kind, seq, email, email_canonical, sender_user_id
    )
    select :delivery_id, :environment_id, :organization_id, id, 'invitation', token_version, email, email_canonical,
      inviter_user_id
    from created where :send_mail
  ),
  events_written as (
    insert into events (id, environment_id, type, actor_kind, actor_user_id, organization_id, subject_id, data, request_id)
    select :created_event_id, :environment_id, 'invitation.created', :actor_kind, :inviter_user_id, :organization_id, id,
      jsonb_build_object('email', email), :request_id
    from created
    union all
    select :expired_event_id, :environment_id, 'invitation.expired', 'system', null, :organization_id, id, '{}', :request_id
    from lapsed
  )
  select verdict.*, (
    select to_jsonb(created) || jsonb_build_object(
      'role_ids', array(select id from granted order by id), 'delivery_state', case when :send_mail then 'pending' end
    ) from created
  ) as invitation
  from verdict`,
);
