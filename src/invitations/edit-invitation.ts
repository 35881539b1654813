import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { Invitation } from "../models/invitation.ts";
import { InvitationRole } from "../models/join-tables.ts";
import { closedInvitation, findInvitation, type InvitationKey } from "./find-invitation.ts";
import { lockSendable } from "./lock-sendable.ts";
import { newExpiry } from "./new-expiry.ts";

/** Changes to a pending invitation. Anything left out stays. An email already sent is not recalled. */
export interface InvitationEdit {
  role_ids?: string[] | undefined;
  /** ISO 8601. */
  expires_at?: string | undefined;
  first_name?: string | null | undefined;
  last_name?: string | null | undefined;
  /** Null: the environment's. */
  locale?: string | null | undefined;
}

/**
 * Changes a pending invitation. Its link keeps working. A user who changes its roles becomes its inviter, so it ends with
 * their right to give them. A program doesn't become the inviter, but if the roles exceed the inviter's rights, the
 * invitation no longer has an inviter.
 * @returns the row with its summary, as reading it would show it.
 * @throws 404, 403 for roles beyond the editor's own rights, 409 with the state's code if it is closed, 422.
 */
export async function editInvitation(
  { db }: Context,
  key: InvitationKey,
  { role_ids, expires_at, ...edit }: InvitationEdit,
  actor: Actor,
): Promise<Invitation> {
  const found = await findInvitation(db, key);
  return transaction(db, async (trx) => {
    const { id, environment_id, organization_id } = await lockSendable(trx, found, actor, {
      roleIds: role_ids,
    });
    const expiry = (asked: string) => newExpiry(trx, environment_id, asked, "/data/attributes/expires_at");
    const change = {
      ...(expires_at === undefined ? {} : { expires_at: await expiry(expires_at) }),
      ...Object.fromEntries(Object.entries(edit).filter(([, value]) => value !== undefined)),
    };
    const isGiver = role_ids !== undefined && actor.user_id !== null;
    const inviter = isGiver ? { inviter_user_id: actor.user_id } : {};
    const invitation = await Invitation.change(trx, id, { ...change, ...inviter });
    if (invitation === undefined) throw closedInvitation(await findInvitation(trx, key));
    if (role_ids !== undefined) {
      await InvitationRole.query(trx).where({ invitation_id: id }).delete();
      const rows = [...new Set(role_ids)].map((role_id) => ({ invitation_id: id, environment_id, role_id }));
      await InvitationRole.query(trx).insert(rows);
      if (!isGiver)
        await Invitation.query(trx)
          .where({ id })
          .whereRaw("not inviter_may_send(inviter_user_id, organization_id, id)")
          .patch({ inviter_user_id: null });
    }
    const changed = Object.keys({ ...change, ...(role_ids === undefined ? {} : { role_ids }) });
    await recordEvents(trx, actor, [
      { type: "invitation.updated", environment_id, organization_id, subject_id: id, data: { changed } },
    ]);
    return findInvitation(trx, key);
  });
}
