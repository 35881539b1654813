import { statement } from "../db/statement.ts";
import type { InvitationStatus } from "../models/invitation.ts";

/** What the recipient's page shows. */
export interface InvitationDetails {
  id: string;
  environment_id: string;
  status: InvitationStatus;
  token_version: number;
  email: string;
  message: string | null;
  expires_at: Date;
  /** By preference: the invitation's language, the environment's. */
  locales: string[];
  product: string;
  redirect_url: string | null;
  organization: string;
  inviter: string | null;
  roles: string[];
  /** Whether the invited address, or the user who accepted, belongs to the organization now, in whatever way. */
  is_member: boolean;
  /** Another invitation of this address to the organization is open, in a newer email. */
  has_newer: boolean;
}

/** No row when it is unknown or its organization is being deleted. */
export const findInvitationDetails = statement<InvitationDetails, { id: string }>(
  "find-invitation-details",
  { id: "text" },
  `
  select i.id, i.environment_id, i.token_version, i.email, i.message, i.expires_at,
    case when i.status = 'pending' and i.expires_at <= now() then 'expired' else i.status end as status,
    array_remove(array[i.locale, e.settings->>'locale'], null) as locales,
    e.name as product, e.settings->>'redirect_url' as redirect_url, o.name as organization,
    nullif(trim(concat_ws(' ', inviter.first_name, inviter.last_name)), '') as inviter,
    array(select r.name from invitation_roles ir join roles r on r.id = ir.role_id where ir.invitation_id = i.id order by r.name) as roles,
    exists (
      select from memberships m
      where m.organization_id = i.organization_id and m.user_id in (
        i.accepted_by_user_id,
        (select u.id from users u where u.environment_id = i.environment_id and u.email_canonical = i.email_canonical)
      )
    ) as is_member,
    exists (
      select from invitations n
      where n.organization_id = i.organization_id and n.email_canonical = i.email_canonical and n.status = 'pending'
        and n.expires_at > now() and n.id <> i.id
    ) as has_newer
  from invitations i
  join environments e on e.id = i.environment_id
  join organizations o on o.id = i.organization_id and o.deleting_at is null
  left join users inviter on inviter.id = i.inviter_user_id
  where i.id = :id`,
);
