import type { Knex } from "knex";
import { statement } from "../db/statement.ts";
import { newId } from "../lib/id.ts";
import type { Invitation } from "../models/invitation.ts";

/** The setting that switches off each kind of email. */
const SETTINGS = { "invitation-accepted": "accepted", "invitation-declined": "declined" } as const;

const insertNotice = statement<
  never,
  { id: string; invitation_id: string; kind: string; user_id: string; setting: string }
>(
  "notify-inviter",
  { id: "text", invitation_id: "text", kind: "text", user_id: "text", setting: "text" },
  `
  insert into mail_deliveries (id, environment_id, invitation_id, kind, email, email_canonical)
  select :id, u.environment_id, :invitation_id, :kind, u.email, u.email_canonical
  from users u join environments e on e.id = u.environment_id
  -- An unproven address may belong to somebody else, who must not be flooded with emails.
  where u.id = :user_id and u.email_verified_at is not null
    and coalesce(cast(e.settings->'notify_inviter'->>:setting as boolean), true)
  on conflict (invitation_id, kind, seq) do nothing`,
);

/** Writes the notice to the inviter: to the verified address they have now, unless a program invited or the setting is off. */
export async function notifyInviter(
  trx: Knex.Transaction,
  { id, inviter_user_id }: Invitation,
  kind: keyof typeof SETTINGS,
): Promise<void> {
  if (inviter_user_id === null) return;
  await insertNotice(trx, {
    id: newId("dlv"),
    invitation_id: id,
    kind,
    user_id: inviter_user_id,
    setting: SETTINGS[kind],
  });
}
