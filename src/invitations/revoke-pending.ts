import type { Knex } from "knex";
import { type Actor, recordEvents } from "../events/record-events.ts";

/** Which pending invitations a change concerns; what is not given is not narrowed. */
export interface Concerned {
  environment_id: string;
  organization_id?: string;
  inviter_user_id?: string;
  email_canonical?: string;
}

interface Revoked {
  id: string;
  organization_id: string;
}

/** Revokes every pending invitation concerned, with an event each, inside the transaction that is the reason. */
export function revokePending(trx: Knex.Transaction, actor: Actor, concerned: Concerned): Promise<void> {
  return revoke(trx, actor, concerned, "true");
}

/**
 * Revokes the pending invitations concerned whose inviters could no longer send them: who lost `members:manage`
 * there, or a permission of a role the invitation gives. To be called by whatever takes rights away.
 */
export function revokeUnsendable(trx: Knex.Transaction, actor: Actor, concerned: Concerned): Promise<void> {
  const unsendable = `inviter_user_id is not null and (
    not exists (select from permissions_in(inviter_user_id, organization_id) as held where held = 'members:manage')
    or exists (
      select from invitation_roles ir
      join role_permissions rp on rp.role_id = ir.role_id
      join permissions p on p.id = rp.permission_id
      where ir.invitation_id = invitations.id
        and not exists (select from permissions_in(inviter_user_id, organization_id) as held where held = p.name)
    )
  )`;
  return revoke(trx, actor, concerned, unsendable);
}

async function revoke(
  trx: Knex.Transaction,
  actor: Actor,
  concerned: Concerned,
  condition: string,
): Promise<void> {
  const revoked: Revoked[] = await trx("invitations")
    .where({ ...concerned, status: "pending" })
    // What is overdue reads as expired already, and stays so.
    .where("expires_at", ">", trx.fn.now())
    .whereRaw(condition)
    .update({
      status: "revoked",
      revoked_at: trx.fn.now(),
      revoked_by_user_id: actor.user_id,
      updated_at: trx.fn.now(),
    })
    .returning(["id", "organization_id"]);
  const { environment_id } = concerned;
  await recordEvents(
    trx,
    actor,
    revoked.map(({ id, organization_id }) => ({
      type: "invitation.revoked",
      environment_id,
      organization_id,
      subject_id: id,
    })),
  );
}
