import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { conflict, notFound } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { Session } from "../models/session.ts";
import { ownedBy, requireManageable, type SessionKey } from "./session-key.ts";

/**
 * Ends a session and forgets it.
 * @throws 404, 403 for one of a user above the actor, 409 while the service it comes from may still vouch for it:
 *   forgotten, it would start again.
 */
export function deleteSession({ db }: Context, key: SessionKey, actor: Actor): Promise<void> {
  return transaction(db, async (trx) => {
    await requireManageable(trx, key, actor);
    const [deleted] = await Session.query(trx)
      .where(ownedBy(key))
      .whereRaw("(validated_until is null or expires_at < now())")
      .delete()
      .returning("user_id");
    if (deleted === undefined) {
      if ((await Session.query(trx).findOne(ownedBy(key))) === undefined) throw notFound("session");
      const detail = "The session comes from another service and would begin anew: revoke it instead.";
      throw conflict("session_of_identity", detail);
    }
    await recordEvents(trx, actor, [
      {
        type: "session.deleted",
        environment_id: key.environment_id,
        organization_id: null,
        subject_id: key.id,
        data: { user_id: deleted.user_id },
      },
    ]);
  });
}
