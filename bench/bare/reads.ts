import { run } from "./database.ts";
import { type BareAnswer, type BareRequest, sha256 } from "./request.ts";

/** The user of a live session ($1 its hash, $2 the environment), and whether they have a permission in an organization ($3). */
const caller = (permission: string) => `
  select s.user_id, e.id as environment_id, o.id as organization_id, m.id as membership_id,
    exists (
      select from role_permissions rp join permissions p on p.id = rp.permission_id and p.name = '${permission}'
      where rp.role_id in (
        select role_id from membership_roles where membership_id = m.id
        union all select role_id from user_roles where user_id = s.user_id
      )
    ) as allowed
  from sessions s
  join environments e on e.id = s.environment_id and e.handle = $2
  left join organizations o on o.id = $3 and o.environment_id = e.id and o.deleting_at is null
  left join memberships m on m.organization_id = o.id and m.user_id = s.user_id
  where s.token_hash = $1 and s.revoked_at is null and s.expires_at > now()
    and (s.validated_until is null or s.validated_until > now()) and s.started_by_user_id is null`;

const ORGANIZATION = `
  select caller.allowed, o.id, o.name, o.business_email, o.business_phone, o.tax_id, o.address, o.country, o.picture,
    o.public_metadata as metadata, o.member_management, o.owner_user_id, o.created_at, o.updated_at, array(
    select r.name from membership_roles mr join roles r on r.id = mr.role_id
    where mr.membership_id = caller.membership_id order by r.is_system desc, r.name
  ) as your_roles
  from (${caller("organization:read")}) caller left join organizations o on o.id = caller.organization_id`;

/** Checks a permission, and shows the organization with the caller's roles there. */
export async function readOrganization({ environment, session, id }: BareRequest): Promise<BareAnswer> {
  const [found] = await run("organization", ORGANIZATION, [sha256(session), environment, id]);
  if (found === undefined) return [401, {}];
  const { allowed, your_roles, ...organization } = found;
  if (!allowed) return [403, {}];
  return [200, { success: true, data: { ...organization, your_role: strongest(your_roles), your_roles } }];
}

const STRENGTH = ["owner", "admin", "billing", "member"];
const strongest = (roles: string[]) => STRENGTH.find((name) => roles.includes(name)) ?? null;

const MANAGEMENT_LIST = `
  select caller.user_id as caller_id, page.*
  from (${caller("members:read")}) caller left join lateral (
    select m.id, m.created_at, m.updated_at, u.id as user_id, u.email, u.first_name, u.last_name, u.picture,
      u.email_verified_at, u.created_at as user_created_at, u.updated_at as user_updated_at,
      array(select role_id from membership_roles where membership_id = m.id order by 1) as role_ids
    from memberships m join users u on u.id = m.user_id
    where m.organization_id = caller.organization_id and (caller.allowed or m.user_id = caller.user_id)
    order by m.id limit $4
  ) page on true`;

/** A page of members with their users, as JSON:API documents have it: resources, linkage, and the rest as `included`. */
export async function listForManagement({ environment, session, query }: BareRequest): Promise<BareAnswer> {
  const organization = query.get("filter[organization]");
  const size = Number(query.get("page[size]"));
  const values = [sha256(session), environment, organization, size + 1];
  const rows = await run("management-list", MANAGEMENT_LIST, values);
  if (rows.length === 0) return [401, {}];
  const page = rows.filter(({ id }) => id !== null).slice(0, size);
  const data = page.map(({ id, created_at, updated_at, user_id, role_ids }) => ({
    type: "membership",
    id,
    attributes: { created_at, updated_at },
    relationships: {
      organization: { data: { type: "organization", id: organization } },
      user: { data: { type: "user", id: user_id } },
      roles: { data: role_ids.map((role: string) => ({ type: "role", id: role })) },
    },
    links: { self: `/api/memberships/${id}` },
  }));
  const included = page.map(({ user_id: id, email, first_name, last_name, picture, ...user }) => ({
    type: "user",
    id,
    attributes: {
      ...{ email, first_name, last_name, picture, email_verified: user.email_verified_at !== null },
      ...{ created_at: user.user_created_at, updated_at: user.user_updated_at },
    },
    links: { self: `/api/users/${id}` },
  }));
  return [200, { data, included, links: { next: rows.length > size ? page.at(-1)?.id : null } }];
}

const BRIDGE_LIST = `
  select caller.allowed, page.*,
    (select count(*)::int from memberships where organization_id = caller.organization_id) as total
  from (${caller("members:read")}) caller left join lateral (
    select m.id, m.created_at, m.updated_at, u.id as user_id, u.email, u.first_name, u.last_name, u.picture,
      array(
        select r.name from membership_roles mr join roles r on r.id = mr.role_id
        where mr.membership_id = m.id order by r.is_system desc, r.name
      ) as roles
    from memberships m join users u on u.id = m.user_id
    where m.organization_id = caller.organization_id and caller.allowed
    order by m.id limit $4 offset $5
  ) page on true`;

/** A page of members with names, addresses and roles, and how many there are. */
export async function listForBridge({ environment, session, id, query }: BareRequest): Promise<BareAnswer> {
  const [page, size] = [Number(query.get("page") ?? 1), Number(query.get("limit"))];
  const values = [sha256(session), environment, id, size, (page - 1) * size];
  const rows = await run("bridge-list", BRIDGE_LIST, values);
  if (rows.length === 0) return [401, {}];
  const [{ allowed, total }] = rows;
  if (!allowed) return [403, {}];
  const data = rows
    .filter((row) => row.id !== null)
    .map((row) => ({
      ...{ id: row.id, organization_id: id, user_id: row.user_id },
      user_name: [row.first_name, row.last_name].filter((name) => name !== null).join(" ") || null,
      ...{ user_first_name: row.first_name, user_last_name: row.last_name },
      ...{ user_email: row.email, user_picture: row.picture },
      ...{ role: strongest(row.roles), roles: row.roles },
      ...{ created_at: row.created_at, updated_at: row.updated_at },
    }));
  const pagination = { total, page, pageSize: size, totalPages: Math.ceil(total / size) };
  return [200, { success: true, data, meta: { pagination } }];
}
