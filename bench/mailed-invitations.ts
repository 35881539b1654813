import { openDatabase } from "../src/db/connection.ts";
import { createLinkKeys } from "../src/invitations/invitation-link.ts";
import { newId } from "../src/lib/id.ts";
import { findSystemRole } from "../src/roles/find-system-role.ts";
import { SECRET_KEY } from "./service.ts";
import type { Database } from "./stage.ts";

let people = 0;

/** Invites new people across the organizations and returns their links. */
export async function mailedInvitations(
  { url, organizationIds }: Database,
  count: number,
): Promise<Array<{ id: string; token: string }>> {
  const db = openDatabase({ url, poolSize: 1, name: "bench" });
  const { id: environment_id } = await db("environments").first("id");
  const { id: role_id } = await findSystemRole(db, environment_id, "member");
  const rows = Array.from({ length: count }, () => {
    people += 1;
    const email = `invited-${people}@example.com`;
    return { id: newId("inv"), email, organization_id: organizationIds[people % organizationIds.length] };
  });
  await db.raw(
    `with given as (
       select * from jsonb_to_recordset(:rows) as r(id text, email text, organization_id text)
     ), invited as (
       insert into invitations (id, environment_id, organization_id, email, email_canonical, expires_at)
       select id, :environment_id, organization_id, email, email, now() + interval '7 days' from given
     )
     insert into invitation_roles (invitation_id, environment_id, role_id)
     select id, :environment_id, :role_id from given`,
    { rows: JSON.stringify(rows), environment_id, role_id },
  );
  await db.destroy();
  const keys = createLinkKeys([SECRET_KEY]);
  return rows.map(({ id }) => ({ id, token: keys.sign({ invitationId: id, tokenVersion: 1 }) }));
}
