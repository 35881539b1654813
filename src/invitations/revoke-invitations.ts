import type { Knex } from "knex";
import { raw } from "objection";
import { statement } from "../db/statement.ts";
import { transaction } from "../db/transaction.ts";
import { type Actor, recordEvents, SYSTEM } from "../events/record-events.ts";
import { Invitation } from "../models/invitation.ts";
import { Organization } from "../models/organization.ts";
import { closedInvitation } from "./find-invitation.ts";

/** The pending invitations that a change concerns. Every field narrows them. */
export interface Concerned {
  id?: string;
  environment_id: string;
  organization_id?: string;
  inviter_user_id?: string;
  email_canonical?: string;
}

/** The reason in the event if the inviter could no longer send the invitation. */
const LOST_RIGHTS = "inviter_lost_rights";

const findSendable = statement<
  { sendable: boolean },
  Pick<Invitation, "inviter_user_id" | "organization_id" | "id">
>(
  "may-inviter-send",
  { inviter_user_id: "text", organization_id: "text", id: "text" },
  "select inviter_may_send(:inviter_user_id, :organization_id, :id) as sendable",
);

/** Revokes all pending invitations concerned, with an event each, in the transaction of the change. */
export function revokePending(trx: Knex.Transaction, actor: Actor, concerned: Concerned): Promise<number> {
  return revoke(trx, actor, concerned, { condition: "true" });
}

/**
 * Revokes the pending invitations concerned whose inviters could no longer send them, because they lost `members:manage`
 * there or a permission of a role the invitation gives. Every command that takes rights away calls it, holding the lock
 * that inviting shares: the organization's, or the one of all rights in the environment.
 * @param only invitations whose inviter has this role anywhere, or that give one of these roles.
 */
export function revokeUnsendable(
  trx: Knex.Transaction,
  actor: Actor,
  concerned: Concerned,
  only: { inviterRole?: string; gives?: string[] } = {},
): Promise<number> {
  const unsendable = "not inviter_may_send(inviter_user_id, organization_id, id)";
  const { inviterRole, gives } = only;
  if (gives !== undefined) {
    const givesOne = "id in (select invitation_id from invitation_roles where role_id = any(:gives))";
    const condition = `${givesOne} and ${unsendable}`;
    return revoke(trx, actor, concerned, { condition, values: { gives }, reason: LOST_RIGHTS });
  }
  if (inviterRole === undefined)
    return revoke(trx, actor, concerned, { condition: unsendable, reason: LOST_RIGHTS });
  const hasRole = `inviter_user_id in (
    select user_id from user_roles where role_id = :role
    union
    select m.user_id from membership_roles mr join memberships m on m.id = mr.membership_id where mr.role_id = :role
  )`;
  const condition = `${hasRole} and ${unsendable}`;
  return revoke(trx, actor, concerned, { condition, values: { role: inviterRole }, reason: LOST_RIGHTS });
}

/**
 * Revokes one invitation if its inviter could no longer send it: the last check before it is accepted or sent again. The
 * revocation stands although the request is refused.
 * @param answering the actor who answers the invitation, if that is what is refused.
 * @throws 409 if it was revoked now.
 */
export async function refuseUnsendable(
  db: Knex,
  invitation: Invitation,
  actor: Actor,
  answering?: Actor,
): Promise<void> {
  const { id, environment_id, organization_id, inviter_user_id } = invitation;
  const [found] = await findSendable(db, { inviter_user_id, organization_id, id });
  if (found?.sendable) return;
  const revokeIt = (by: Knex) =>
    transaction(by, async (trx) => {
      await Organization.lock(trx, environment_id, organization_id);
      return revokeUnsendable(trx, { ...SYSTEM, request_id: actor.request_id }, { id, environment_id });
    });
  if ((await revokeIt(db)) === 0) return;
  throw Object.assign(closedInvitation({ ...invitation, status: "revoked" }, answering), {
    stands: revokeIt,
  });
}

/** @returns the number of revoked invitations. */
async function revoke(
  trx: Knex.Transaction,
  actor: Actor,
  concerned: Concerned,
  {
    condition,
    values = {},
    reason,
  }: { condition: string; values?: Record<string, string | string[]>; reason?: string },
): Promise<number> {
  const revoked = await Invitation.query(trx)
    .where({ ...concerned, status: "pending" })
    // An overdue invitation already reads as expired, and stays so.
    .where("expires_at", ">", raw("now()"))
    .whereRaw(condition, values)
    .patch({ status: "revoked", revoked_at: raw("now()"), revoked_by_user_id: actor.user_id })
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
      ...(reason === undefined ? {} : { data: { reason } }),
    })),
  );
  return revoked.length;
}
