import type { Knex } from "knex";
import { newId } from "../lib/id.ts";
import type { Invitation } from "../models/invitation.ts";

/** By kind of mail, the setting that switches it off. */
const SETTINGS = { "invitation-accepted": "accepted", "invitation-declined": "declined" } as const;

/** Writes the delivery that tells the inviter, if a user invited and wants to hear, at the address they have now. */
export async function notifyInviter(
  trx: Knex.Transaction,
  invitation: Invitation,
  kind: keyof typeof SETTINGS,
): Promise<void> {
  await trx.raw(
    `insert into mail_deliveries (id, environment_id, invitation_id, kind, email, email_canonical)
     select ?, u.environment_id, ?, ?, u.email, u.email_canonical
     from users u join environments e on e.id = u.environment_id
     where u.id = ? and coalesce(cast(e.settings->'notify_inviter'->>? as boolean), true)
     on conflict (invitation_id, kind, seq) do nothing`,
    [newId("dlv"), invitation.id, kind, invitation.inviter_user_id, SETTINGS[kind]],
  );
}
