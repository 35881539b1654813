import type { IncomingHttpHeaders } from "node:http";
import { insertInvitation } from "../src/invitations/insert-invitation.ts";
import { hashToken } from "../src/lib/random-token.ts";
import { access, type BareAnswer, type BareRequest, pool, prepared } from "./bare-database.ts";
import { bareInvitation } from "./bare-invitation.ts";

const authorization = `Bearer ${process.env.ADMIN_TOKEN}`;
const sessionHash = (headers: IncomingHttpHeaders) => hashToken(String(headers["x-session-id"]));

export async function createInvitation({ headers, body }: BareRequest): Promise<BareAnswer> {
  if (headers.authorization !== authorization) return [401, {}];
  const { data } = JSON.parse(body);
  const organization = data.relationships.organization.data.id;
  const { email, role_ids = [], message = null, locale = null, metadata = {} } = data.attributes;
  const { environment_id } = await access(headers, { organization: { organization } });
  const written = await pool.query(
    insertInvitation.query({
      ...bareInvitation(environment_id, organization, email),
      ...{ role_ids, message, locale, metadata: JSON.stringify(metadata) },
    }),
  );
  const [{ invitation }] = written.rows;
  return invitation === null ? [409, {}] : [201, { data: invitation }];
}

export async function readOrganization({ headers, id }: BareRequest): Promise<BareAnswer> {
  const row = await access(headers, {
    sessionHash: sessionHash(headers),
    organization: { organization: id },
  });
  if (!row.organization_permissions.includes("organization:read")) return [403, {}];
  const { rows } = await prepared(
    pool,
    "organization",
    `select o.*, strongest_role(m.id) as your_role, role_names(m.id) as your_roles
     from organizations o left join memberships m on m.organization_id = o.id and m.user_id = $3
     where o.id = $1 and o.environment_id = $2 and o.deleting_at is null`,
    [id, row.environment_id, row.user_id],
  );
  return [200, { success: true, data: rows[0] }];
}

export async function listMemberships({ headers, search }: BareRequest): Promise<BareAnswer> {
  const { environment_id, user_id } = await access(headers, { sessionHash: sessionHash(headers) });
  const { rows } = await prepared(
    pool,
    "memberships",
    `select m.*, array(select role_id from membership_roles where membership_id = m.id order by 1) as role_ids
     from memberships m
     where m.environment_id = $1 and m.organization_id in (select id from organizations where deleting_at is null)
       and (m.user_id = $2 or m.organization_id in (
         select o.id from organizations o where o.environment_id = $1 and o.deleting_at is null and exists (
           select from memberships own join membership_roles mr on mr.membership_id = own.id
           join role_permissions rp on rp.role_id = mr.role_id join permissions p on p.id = rp.permission_id
           where own.organization_id = o.id and own.user_id = $2 and p.name = 'members:read'
         )
       ))
       and m.organization_id = $3
     order by m.id limit $4`,
    [environment_id, user_id, search.get("filter[organization]"), 21],
  );
  const data = rows.slice(0, 20).map(({ id, ...attributes }) => ({ type: "membership", id, attributes }));
  return [200, { data, links: { next: rows.length > 20 ? rows[19].id : null } }];
}
