import type { Knex } from "knex";
import { statement } from "../db/statement.ts";
import type { EnvironmentSettings } from "../models/environment.ts";

/** What is known of a request's caller after one round trip. */
export interface AccessRow {
  environment_id: string;
  handle: string;
  settings: EnvironmentSettings;
  session_id: string | null;
  user_id: string | null;
  email_canonical: string | null;
  email_verified: boolean;
  /** The API client that was asked for, while it exists in this environment; what it may do at most. */
  client_id: string | null;
  client_scopes: string[] | null;
  /** Of the user's roles in the environment, which count in every organization. */
  environment_permissions: string[];
  /** Null also for an organization of another environment or one being deleted. */
  organization_id: string | null;
  is_owner: boolean;
  membership_id: string | null;
  /** What the user may do in that organization, all told. */
  organization_permissions: string[];
  /** Whether a role there has `members:manage`, be it that the organization leaves that to its owner. */
  has_members_manage: boolean;
}

/** Where there is no environment: nobody, with no rights anywhere. */
export const NO_ACCESS: AccessRow = {
  environment_id: "",
  handle: "",
  settings: {},
  session_id: null,
  user_id: null,
  email_canonical: null,
  email_verified: false,
  client_id: null,
  client_scopes: null,
  environment_permissions: [],
  organization_id: null,
  is_owner: false,
  membership_id: null,
  organization_permissions: [],
  has_members_manage: false,
};

/** By what a request may name an organization. */
export type BelongsTo =
  | "organization"
  | "invitation"
  | "membership"
  | "membershipRole"
  | "role"
  | "rolePermission"
  | "invitationBatch"
  | "resource";

export interface AccessQuestion {
  /** Handles to try, in order; none where an invitation says. */
  environments: string[];
  /** The invitation whose environment is meant, under whatever name of the service its link is opened. */
  environmentOf: string | null;
  sessionHash: Buffer | null;
  /** Of a verified access token. */
  clientId: string | null;
  /** The organization whose rights count, directly or by something that belongs to it. */
  organization: { [By in BelongsTo]?: string | undefined } | null;
}

export const findAccess = statement<AccessRow>(
  "resolve-access",
  `
  select e.id as environment_id, e.handle, e.settings,
    s.id as session_id, u.id as user_id, u.email_canonical, u.email_verified_at is not null as email_verified,
    c.id as client_id, c.scopes as client_scopes,
    array(
      select distinct p.name from user_roles ur
      join role_permissions rp on rp.role_id = ur.role_id join permissions p on p.id = rp.permission_id
      where ur.user_id = u.id
    ) as environment_permissions,
    o.id as organization_id, o.owner_user_id is not null and o.owner_user_id = u.id as is_owner,
    m.id as membership_id,
    case when o.id is null then '{}' else array(select permissions_in(u.id, o.id)) end as organization_permissions,
    exists (
      select from membership_roles mr
      join role_permissions rp on rp.role_id = mr.role_id join permissions p on p.id = rp.permission_id
      where mr.membership_id = m.id and p.name = 'members:manage'
    ) as has_members_manage
  from (
    select * from environments
    where handle = any ($1::text[]) or id = (select environment_id from invitations where id = $6)
    order by array_position($1::text[], handle) nulls last limit 1
  ) e
  left join sessions s on s.token_hash = $2 and s.environment_id = e.id and s.revoked_at is null and s.expires_at > now()
    and (s.validated_until is null or s.validated_until > now())
  left join users u on u.id = s.user_id
  left join api_clients c on c.id = $7 and c.environment_id = e.id
  left join organizations o on o.environment_id = e.id and o.deleting_at is null and o.id = coalesce(
    $3,
    (select organization_id from invitations where id = $4),
    (select organization_id from memberships where id = $5),
    (select m.organization_id from membership_roles mr join memberships m on m.id = mr.membership_id where mr.id = $8),
    (select organization_id from roles where id = $9),
    (select r.organization_id from role_permissions rp join roles r on r.id = rp.role_id where rp.id = $10),
    (select organization_id from invitation_batches where id = $12),
    organization_of_resource($11)
  )
  left join memberships m on m.organization_id = o.id and m.user_id = u.id`,
);

/**
 * Environment, session or API client, user and rights in one round trip.
 * @returns undefined when no such environment exists. An unknown, expired or revoked session leaves the user null, a
 *   deleted client the client.
 */
export async function resolveAccess(db: Knex, question: AccessQuestion): Promise<AccessRow | undefined> {
  const {
    organization,
    invitation,
    membership,
    membershipRole,
    role,
    rolePermission,
    invitationBatch,
    resource,
  } = question.organization ?? {};
  const [row] = await findAccess(db, [
    question.environments,
    question.sessionHash,
    organization ?? null,
    invitation ?? null,
    membership ?? null,
    question.environmentOf,
    question.clientId,
    membershipRole ?? null,
    role ?? null,
    rolePermission ?? null,
    resource ?? null,
    invitationBatch ?? null,
  ]);
  return row;
}
