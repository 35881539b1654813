import { createLinkKeys } from "../src/invitations/invitation-link.ts";
import { newId } from "../src/lib/id.ts";
import { access, type BareAnswer, type BareRequest, pool, prepared } from "./bare-database.ts";

const linkKeys = createLinkKeys([process.env.SECRET_KEY ?? ""]);

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
