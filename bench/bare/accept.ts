import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { id, run } from "./database.ts";
import type { BareAnswer, BareRequest } from "./request.ts";

/**
 * Accepts a pending invitation ($1) by a link of its version ($2), unless its inviter could no longer send it. The
 * organization's deletion waits. Of two at once the second waits for the lock on the invitation and finds it accepted.
 * The invited address becomes a verified user and a member with the invitation's roles, and the inviter gets an email.
 */
const ACCEPT = `
  with open as (
    select i.*, o.owner_user_id, o.member_management, e.settings
    from invitations i
    join organizations o on o.id = i.organization_id and o.deleting_at is null and o.owner_user_id is not null
    join environments e on e.id = i.environment_id
    where i.id = $1 and i.token_version = $2 and i.status = 'pending' and i.expires_at > now()
    for update of i for share of o
  ),
  given as materialized (
    select ir.role_id, r.is_system and r.name = 'owner' as is_owner
    from open join invitation_roles ir on ir.invitation_id = open.id join roles r on r.id = ir.role_id
  ),
  held as materialized (
    select rp.permission_id, p.name
    from (
      select mr.role_id from open
      join memberships m on m.organization_id = open.organization_id and m.user_id = open.inviter_user_id
      join membership_roles mr on mr.membership_id = m.id
      union select ur.role_id from open join user_roles ur on ur.user_id = open.inviter_user_id
    ) mine
    join role_permissions rp using (role_id) join permissions p on p.id = rp.permission_id
  ),
  valid as (
    select * from open
    where not exists (select from given where is_owner) and (
      inviter_user_id is null
      or (inviter_user_id = owner_user_id or member_management = 'owner_and_admins')
        and exists (select from held where name = 'members:manage')
        and not exists (
          select from given join role_permissions rp using (role_id)
          where rp.permission_id not in (select permission_id from held)
        )
    )
  ),
  person as (
    insert into users (id, environment_id, email, email_canonical, first_name, last_name, email_verified_at)
    select $3, environment_id, email, email_canonical, first_name, last_name, now() from valid
    on conflict (environment_id, email_canonical)
    do update set email_verified_at = coalesce(users.email_verified_at, now())
    returning id
  ),
  accepted as (
    update invitations i
    set status = 'accepted', accepted_by_user_id = person.id, accepted_at = now(), updated_at = now()
    from valid, person where i.id = valid.id
    returning i.*
  ),
  joined as (
    insert into memberships (id, environment_id, organization_id, user_id, metadata)
    select $4, environment_id, organization_id, accepted_by_user_id, metadata from accepted
    on conflict (organization_id, user_id) do nothing
    returning id
  ),
  membership as (
    select id from joined
    union all
    select m.id from accepted a
    join memberships m on m.organization_id = a.organization_id and m.user_id = a.accepted_by_user_id
  ),
  granted as (
    insert into membership_roles (id, environment_id, organization_id, membership_id, role_id)
    select $5 || row_number() over (), environment_id, organization_id, membership.id, role_id
    from accepted, membership, given
    on conflict (membership_id, role_id) do nothing
  ),
  happened as (
    insert into events (id, environment_id, type, actor_kind, organization_id, subject_id, data)
    select $6, environment_id, 'invitation.accepted', 'invitee', organization_id, id,
      jsonb_build_object('user_id', accepted_by_user_id) from accepted
    union all
    select $7, environment_id, 'membership.created', 'invitee', organization_id, joined.id,
      jsonb_build_object('user_id', accepted_by_user_id) from accepted, joined
    union all
    select $8, environment_id, 'user.created', 'invitee', null, person.id, '{}' from accepted, person where person.id = $3
  ),
  notice as (
    insert into mail_deliveries (id, environment_id, organization_id, invitation_id, kind, email, email_canonical)
    select $9, u.environment_id, organization_id, valid.id, 'invitation-accepted', u.email, u.email_canonical
    from valid join users u on u.id = valid.inviter_user_id and u.email_verified_at is not null
    where coalesce(cast(settings->'notify_inviter'->>'accepted' as boolean), true)
    on conflict (invitation_id, kind, seq) do nothing
  )
  select accepted.*, array(select role_id from given) as role_ids, membership.id as membership_id
  from accepted, membership`;

/** The service's links: the invitation's id, its version, the id of the key, and an HMAC of the first two. */
const LINK = /^([0-9a-z]{26})([0-9a-f]{4})([0-9a-f]{8})([\w-]{43})$/;
const secret = process.env.SECRET_KEY ?? "";
const keyId = createHash("sha256").update(`key-id:${secret}`).digest("hex").slice(0, 8);

export async function acceptInvitation({ id: invitation, body }: BareRequest): Promise<BareAnswer> {
  const [, suffix = "", version = "", key, signature = ""] = LINK.exec(JSON.parse(body).meta.token) ?? [];
  const signed = createHmac("sha256", secret)
    .update(`invitation-link:${suffix}${version}`)
    .digest("base64url");
  const isOurs = key === keyId && timingSafeEqual(Buffer.from(signed), Buffer.from(signature));
  if (!isOurs || `inv_${suffix}` !== invitation) return [404, {}];
  const ids = ["user", "orguser", "orguserrole", "evt", "evt", "evt", "dlv"].map(id);
  const [row] = await run("accept", ACCEPT, [invitation, Number.parseInt(version, 16), ...ids]);
  if (row === undefined) return [409, {}];
  const { id: _, environment_id, organization_id, membership_id, ...attributes } = row;
  const relationships = {
    organization: { data: { type: "organization", id: organization_id } },
    membership: { data: { type: "membership", id: membership_id } },
  };
  return [200, { data: { type: "invitation", id: invitation, attributes, relationships } }];
}
