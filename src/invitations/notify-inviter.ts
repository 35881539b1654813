import type { Knex } from "knex";
import { newId } from "../lib/id.ts";
import type { Invitation } from "../models/invitation.ts";
import type { MailKind } from "../models/mail-delivery.ts";

/** Writes the delivery that tells the inviter, if a user invited, at the address that user has now. */
export async function notifyInviter(
  trx: Knex.Transaction,
  invitation: Invitation,
  kind: MailKind,
): Promise<void> {
  await trx.raw(
    `insert into mail_deliveries (id, environment_id, invitation_id, kind, email, email_canonical)
     select ?, environment_id, ?, ?, email, email_canonical from users where id = ?
     on conflict (invitation_id, kind, seq) do nothing`,
    [newId("dlv"), invitation.id, kind, invitation.inviter_user_id],
  );
}
