import type { Knex } from "knex";
import type { SystemRoleName } from "../src/access/permissions.ts";
import { openDatabase } from "../src/db/connection.ts";
import { createLinkKeys } from "../src/invitations/invitation-link.ts";
import { newId } from "../src/lib/id.ts";
import { hashToken, randomToken } from "../src/lib/random-token.ts";
import { findSystemRole } from "../src/roles/find-system-role.ts";
import { SECRET_KEY } from "./service.ts";
import type { Database } from "./stage.ts";

export interface Member {
  organization_id: string;
  user_id: string;
  /** The token of their session. */
  token: string;
}

/**
 * Gives each organization a member with a role and a session, and so many others with the role member.
 * @returns those with the role. An owner owns the organization.
 */
export async function addMembers(
  { url }: Database,
  organizationIds: string[],
  { role, others }: { role: SystemRoleName; others: number },
): Promise<Member[]> {
  const db = openDatabase({ url, poolSize: 1, name: "bench", statementTimeout: 0 });
  const { id: environment_id } = await db("environments").first("id");
  const [leading, following] = await Promise.all([
    findSystemRole(db, environment_id, role),
    findSystemRole(db, environment_id, "member"),
  ]);
  const rows = organizationIds.flatMap((organization_id) =>
    Array.from({ length: 1 + others }, (_, n) => ({
      ...{
        organization_id,
        user_id: newId("user"),
        membership_id: newId("orguser"),
        id: newId("orguserrole"),
      },
      role_id: n === 0 ? leading.id : following.id,
      ...{ leads: n === 0, token: randomToken(), session_id: newId("sess") },
    })),
  );
  const leaders = rows.filter(({ leads }) => leads);
  await db.transaction(async (trx) => {
    const insert = (table: string, values: object[]) => trx.batchInsert(table, values, 1_000);
    await insert(
      "users",
      rows.map(({ user_id: id }) => {
        const email = `${id}@example.com`;
        const names = { first_name: "Grace", last_name: "Hopper" };
        return { id, environment_id, email, email_canonical: email, email_verified_at: new Date(), ...names };
      }),
    );
    await insert(
      "memberships",
      rows.map(({ membership_id: id, organization_id, user_id }) => ({
        ...{ id, environment_id, organization_id, user_id },
      })),
    );
    await insert(
      "membership_roles",
      rows.map(({ id, membership_id, organization_id, role_id }) => ({
        ...{ id, environment_id, membership_id, organization_id, role_id },
      })),
    );
    const expires_at = new Date(Date.now() + 86_400_000);
    await insert(
      "sessions",
      leaders.map(({ session_id: id, user_id, token }) => ({
        ...{ id, environment_id, user_id, token_hash: hashToken(token), expires_at },
      })),
    );
    if (role === "owner")
      await trx.raw(
        `update organizations o set owner_user_id = m.user_id
         from memberships m join membership_roles mr on mr.membership_id = m.id
         where m.organization_id = o.id and mr.role_id = ?`,
        [leading.id],
      );
  });
  await settle(db);
  return leaders;
}

/**
 * Gives each organization so many invitations from before, half of them expired, with their emails and events. Statements
 * are planned for tables like these and keep their plans: made for empty tables, the plans would be bad ones.
 */
export async function addHistory({ url }: Database, each: number): Promise<void> {
  const db = openDatabase({ url, poolSize: 1, name: "bench", statementTimeout: 0 });
  await db.raw(
    `with past as (
       select o.*, lpad(row_number() over ()::text, 26, '0') as number, n % 2 = 0 as is_over,
         now() - case when n % 2 = 0 then interval '60 days' else interval '1 day' end as at
       from organizations o, generate_series(1, cast(? as int)) n
     ), invited as (
       insert into invitations (id, environment_id, organization_id, inviter_user_id, email, email_canonical, status,
         expires_at, expired_at, created_at, updated_at)
       select 'inv_' || number, environment_id, id, owner_user_id, 'past-' || number || '@example.com',
         'past-' || number || '@example.com', case when is_over then 'expired' else 'pending' end,
         at + interval '7 days', case when is_over then at + interval '7 days' end, at, at
       from past
     ), given as (
       insert into invitation_roles (invitation_id, environment_id, role_id)
       select 'inv_' || number, past.environment_id, r.id
       from past join roles r on r.environment_id = past.environment_id and r.is_system and r.name = 'member'
     ), happened as (
       insert into events (id, environment_id, type, actor_kind, actor_user_id, organization_id, subject_id, created_at)
       select 'evt_' || number, environment_id, 'invitation.created', 'user', owner_user_id, id, 'inv_' || number, at
       from past
     )
     insert into mail_deliveries (id, environment_id, organization_id, invitation_id, kind, email, email_canonical,
       sender_user_id, state, due_at, sent_at, created_at, updated_at)
     select 'dlv_' || number, environment_id, id, 'inv_' || number, 'invitation', 'past-' || number || '@example.com',
       'past-' || number || '@example.com', owner_user_id, 'sent', null, at, at, at
     from past`,
    [each],
  );
  await settle(db);
}

/** Leaves nothing to Postgres that it would do during the measurement. */
export async function settle(db: Knex): Promise<void> {
  await db.raw("vacuum analyze");
  await db.raw("checkpoint");
  await db.destroy();
}

let people = 0;

/** Invites new people across the organizations, in the name of these members, and returns their links. */
export async function mailedInvitations(
  { url }: Database,
  inviters: Member[],
  count: number,
): Promise<Array<{ id: string; token: string }>> {
  const db = openDatabase({ url, poolSize: 1, name: "bench", statementTimeout: 0 });
  const { id: environment_id } = await db("environments").first("id");
  const { id: role_id } = await findSystemRole(db, environment_id, "member");
  const rows = Array.from({ length: count }, () => {
    people += 1;
    const { organization_id, user_id } = inviters[people % inviters.length] as Member;
    return { id: newId("inv"), email: `invited-${people}@example.com`, organization_id, user_id };
  });
  await db.raw(
    `with given as (
       select * from jsonb_to_recordset(:rows) as r(id text, email text, organization_id text, user_id text)
     ), invited as (
       insert into invitations (id, environment_id, organization_id, inviter_user_id, email, email_canonical, expires_at)
       select id, :environment_id, organization_id, user_id, email, email, now() + interval '7 days' from given
     )
     insert into invitation_roles (invitation_id, environment_id, role_id)
     select id, :environment_id, :role_id from given`,
    { rows: JSON.stringify(rows), environment_id, role_id },
  );
  await db.destroy();
  const keys = createLinkKeys([SECRET_KEY]);
  return rows.map(({ id }) => ({ id, token: keys.sign({ invitationId: id, tokenVersion: 1 }) }));
}
