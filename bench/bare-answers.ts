import type { IncomingHttpHeaders } from "node:http";
import pg from "pg";
import { insertInvitation } from "../src/invitations/insert-invitation.ts";
import { createLinkKeys } from "../src/invitations/invitation-link.ts";
import { newId } from "../src/lib/id.ts";
import { hashToken } from "../src/lib/random-token.ts";
import type { AccessQuestion } from "../src/sessions/access-question.ts";
import { askAccess } from "../src/sessions/ask-access.ts";

export interface BareRequest {
  headers: IncomingHttpHeaders;
  /** The id in the path, if there is one. */
  id: string;
  search: URLSearchParams;
  body: string;
}

export type BareAnswer = [status: number, document: object];

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: Number(process.env.POOL_SIZE) });
const authorization = `Bearer ${process.env.ADMIN_TOKEN}`;
const linkKeys = createLinkKeys([process.env.SECRET_KEY ?? ""]);

/** Prepared under its name, as a careful hand would. */
function prepared(db: pg.Pool | pg.PoolClient, name: string, text: string, values: unknown[]) {
  return db.query({ name, text, values });
}

function access(headers: IncomingHttpHeaders, question: Partial<AccessQuestion>) {
  const { run, values } = askAccess({
    environments: [String(headers["x-environment"])],
    environmentOf: null,
    sessionHash: null,
    clientId: null,
    organization: null,
    ...question,
  });
  return pool.query({ ...run.query, values }).then(({ rows: [row] }) => row);
}

const sessionHash = (headers: IncomingHttpHeaders) => hashToken(String(headers["x-session-id"]));

export async function createInvitation({ headers, body }: BareRequest): Promise<BareAnswer> {
  if (headers.authorization !== authorization) return [401, {}];
  const { data } = JSON.parse(body);
  const organization = data.relationships.organization.data.id;
  const { email, role_ids = [], message = null, locale = null, metadata = {} } = data.attributes;
  const { environment_id } = await access(headers, { organization: { organization } });
  const written = await pool.query({
    ...insertInvitation.query,
    values: [
      ...[environment_id, organization, email, email.toLowerCase(), role_ids, null, newId("inv"), null],
      ...[message, locale, JSON.stringify(metadata), null, 7, newId("dlv"), newId("evt"), newId("evt")],
      ...["operator", true],
    ],
  });
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

export async function acceptInvitation({ headers, id, body }: BareRequest): Promise<BareAnswer> {
  const link = linkKeys.verify(JSON.parse(body).meta.token);
  if (link?.invitationId !== id) return [404, {}];
  const { environment_id } = await access(headers, { environmentOf: id, organization: { invitation: id } });
  const find = `select i.*, array(select role_id from invitation_roles where invitation_id = i.id order by 1) as role_ids,
      (select state from mail_deliveries where invitation_id = i.id and kind = 'invitation' order by seq desc limit 1) as delivery_state
    from invitations i where i.id = $1 and i.environment_id = $2
      and exists (select from organizations o where o.id = i.organization_id and o.deleting_at is null)`;
  const found = await prepared(pool, "find", find, [id, environment_id]);
  const [{ organization_id, email, email_canonical }] = found.rows;
  const client = await pool.connect();
  try {
    const ask = (name: string, text: string, ...values: unknown[]) => prepared(client, name, text, values);
    await client.query("begin");
    await ask(
      "lock",
      "select * from organizations where id = $1 and deleting_at is null for no key update",
      organization_id,
    );
    const users = await ask(
      "user",
      `insert into users (id, environment_id, email, email_canonical, email_verified_at) values ($1, $2, $3, $4, now())
       on conflict (environment_id, email_canonical)
       do update set email_verified_at = coalesce(users.email_verified_at, now()) returning id`,
      ...[newId("user"), environment_id, email, email_canonical],
    );
    const user_id = users.rows[0].id;
    const accepted = await ask(
      "accept",
      `update invitations set status = 'accepted', accepted_by_user_id = $1, accepted_at = clock_timestamp(),
         updated_at = clock_timestamp()
       where id = $2 and status = 'pending' and expires_at > clock_timestamp() and token_version = $3 returning *`,
      ...[user_id, id, link.tokenVersion],
    );
    if (accepted.rowCount !== 1) throw new Error(`${id} is closed`);
    const roles = await ask("roles", "select role_id from invitation_roles where invitation_id = $1", id);
    const membership_id = newId("orguser");
    await ask(
      "join",
      "insert into memberships (id, environment_id, organization_id, user_id) values ($1, $2, $3, $4) on conflict do nothing",
      ...[membership_id, environment_id, organization_id, user_id],
    );
    await ask(
      "grant",
      `insert into membership_roles (id, environment_id, membership_id, role_id) values ($1, $2, $3, $4) on conflict do nothing`,
      ...[newId("orguserrole"), environment_id, membership_id, roles.rows[0].role_id],
    );
    await ask(
      "events",
      `insert into events (id, environment_id, type, actor_kind, organization_id, subject_id)
       values ($1, $3, 'invitation.accepted', 'invitee', $4, $5), ($2, $3, 'membership.created', 'invitee', $4, $6)`,
      ...[newId("evt"), newId("evt"), environment_id, organization_id, id, membership_id],
    );
    await ask(
      "notice",
      `insert into mail_deliveries (id, environment_id, invitation_id, kind, email, email_canonical)
       select $1, environment_id, $2, 'invitation-accepted', email, email_canonical from users
       where id = (select inviter_user_id from invitations where id = $2)`,
      ...[newId("dlv"), id],
    );
    await client.query("commit");
  } finally {
    client.release();
  }
  const { rows } = await prepared(pool, "find", find, [id, environment_id]);
  return [200, { data: rows[0] }];
}
