import { timingSafeEqual } from "node:crypto";
import { id, run } from "./database.ts";
import { type BareAnswer, type BareRequest, sha256 } from "./request.ts";

/** The organization ($2, of the environment $1): its deletion waits until the invitation is written. */
const BY_OPERATOR = `
  inviter as (
    select o.id as organization_id, o.environment_id, e.settings, null as user_id
    from organizations o join environments e on e.id = o.environment_id
    where e.handle = $1 and o.id = $2 and o.deleting_at is null
    for share of o
  ),
  held as (select null as permission_id where false),
  allowed as (select from inviter)`;

/**
 * The same by a session ($9 its hash), whose user must be a member who may manage members and has every permission they
 * give away. Their role in the organization can't be taken away until the invitation is written. Limits are counted as of
 * the statement's beginning: of two at the same moment both may pass, where ours wait for each other.
 */
const BY_SESSION = `
  inviter as (
    select o.id as organization_id, o.environment_id, e.settings, s.user_id, o.owner_user_id = s.user_id
      or o.member_management = 'owner_and_admins' as may_manage
    from sessions s
    join environments e on e.id = s.environment_id and e.handle = $1
    join organizations o on o.id = $2 and o.environment_id = e.id and o.deleting_at is null
    where s.token_hash = $9 and s.revoked_at is null and s.expires_at > now()
      and (s.validated_until is null or s.validated_until > now()) and s.started_by_user_id is null
    for share of o
  ),
  roles_held as materialized (
    select mr.role_id from inviter
    join memberships m on m.organization_id = inviter.organization_id and m.user_id = inviter.user_id
    join membership_roles mr on mr.membership_id = m.id
    for share of mr
  ),
  held as materialized (
    select rp.permission_id, p.name
    from (select role_id from roles_held union select ur.role_id from user_roles ur join inviter using (user_id)) mine
    join role_permissions rp using (role_id) join permissions p on p.id = rp.permission_id
  ),
  allowed as (
    select from inviter, role
    where may_manage and exists (select from held where name = 'members:manage')
      and not exists (
        select from role_permissions where role_id = role.id and permission_id not in (select permission_id from held)
      )
      and not exists (select from users where id = user_id and inviting_paused_until > now())
      and (
        select count(*) from mail_deliveries d
        where d.environment_id = inviter.environment_id and d.email_canonical = $4 and d.kind = 'invitation'
          and d.created_at > now() - interval '24 hours'
      ) < 10
      and (
        select count(*) from mail_deliveries d
        where d.sender_user_id = inviter.user_id and d.created_at > now() - interval '24 hours'
      ) < 1000
      and (
        select count(*) from invitations i where i.organization_id = inviter.organization_id and i.status = 'pending'
      ) < 1000
  )`;

/**
 * Invites an address with the role member, unless it belongs to a member or has a pending invitation; an overdue one
 * ends first. The invitation, its role, its email to be sent and what happened are written together.
 */
const invite = (by: string) => `
  with role as materialized (
    select r.id from roles r join environments e on e.id = r.environment_id
    where e.handle = $1 and r.organization_id is null and r.name = 'member'
  ),
  ${by},
  overdue as (
    update invitations i set status = 'expired', expired_at = now(), updated_at = now() from inviter
    where i.organization_id = inviter.organization_id and i.email_canonical = $4 and i.status = 'pending'
      and i.expires_at <= now() and exists (select from allowed)
    returning i.id
  ),
  invited as (
    insert into invitations (id, environment_id, organization_id, email, email_canonical, inviter_user_id, expires_at)
    select $5, environment_id, organization_id, $3, $4, user_id,
      now() + make_interval(days => coalesce(cast(settings->>'invitation_lifetime_days' as int), 7))
    -- Counted first, so that the overdue one has made room.
    from inviter, (select count(*) from overdue) as made_room
    where exists (select from allowed) and not exists (
      select from memberships m join users u on u.id = m.user_id
      where m.organization_id = inviter.organization_id and u.email_canonical = $4
    )
    on conflict (organization_id, email_canonical) where status = 'pending' do nothing
    returning *
  ),
  given as (
    insert into invitation_roles (invitation_id, environment_id, role_id)
    select invited.id, environment_id, role.id from invited, role
  ),
  outbox as (
    insert into mail_deliveries
      (id, environment_id, organization_id, invitation_id, kind, email, email_canonical, sender_user_id)
    select $6, environment_id, organization_id, id, 'invitation', email, email_canonical, inviter_user_id from invited
  ),
  happened as (
    insert into events (id, environment_id, type, actor_kind, actor_user_id, organization_id, subject_id, data)
    select $7, environment_id, 'invitation.created', case when inviter_user_id is null then 'operator' else 'user' end,
      inviter_user_id, organization_id, id, jsonb_build_object('email', email) from invited
    union all
    select $8, environment_id, 'invitation.expired', 'system', null, organization_id, overdue.id, '{}'
    from overdue, inviter
  )
  select invited.*, role.id as role_id from invited, role`;

const INVITE_BY_OPERATOR = invite(BY_OPERATOR);
const INVITE_BY_SESSION = invite(BY_SESSION);

/** Invites as the operator. @returns the row; undefined if something forbids it. */
export async function inviteByOperator(environment: string, organization: string, email: string) {
  const [row] = await run("invite-by-operator", INVITE_BY_OPERATOR, values(environment, organization, email));
  return row;
}

const values = (environment: string, organization: string, email: string) => [
  ...[environment, organization, email, email.toLowerCase()],
  ...[id("inv"), id("dlv"), id("evt"), id("evt")],
];

const operator = sha256(process.env.ADMIN_TOKEN ?? "");

export async function createInvitation({
  environment,
  bearer,
  session,
  body,
}: BareRequest): Promise<BareAnswer> {
  const { data } = JSON.parse(body);
  const organization = data.relationships.organization.data.id;
  const { email } = data.attributes;
  if (bearer !== undefined && !timingSafeEqual(sha256(bearer), operator)) return [401, {}];
  const row =
    bearer !== undefined
      ? await inviteByOperator(environment, organization, email)
      : (
          await run("invite-by-session", INVITE_BY_SESSION, [
            ...values(environment, organization, email),
            sha256(session),
          ])
        )[0];
  if (row === undefined) return [409, {}];
  const { id, environment_id, organization_id, inviter_user_id, role_id, email_canonical, ...attributes } =
    row;
  const relationships = {
    organization: { data: { type: "organization", id: organization_id } },
    inviter: { data: inviter_user_id && { type: "user", id: inviter_user_id } },
  };
  return [
    201,
    {
      data: {
        type: "invitation",
        id,
        attributes: { ...attributes, role_ids: [role_id], delivery_status: "queued" },
        relationships,
        links: { self: `/api/invitations/${id}` },
      },
    },
  ];
}
