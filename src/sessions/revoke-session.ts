import { raw } from "objection";
import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { notFound } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { Session } from "../models/session.ts";
import { ownedBy, requireManageable, type SessionKey } from "./session-key.ts";

/** Ends a session at once. Ending it again changes nothing: the time of the first ending stays. @throws 404, 403. */
export function revokeSession({ db }: Context, key: SessionKey, actor: Actor): Promise<void> {
  return transaction(db, async (trx) => {
    await requireManageable(trx, key, actor);
    const [revoked] = await Session.query(trx)
      .where(ownedBy(key))
      .whereNull("revoked_at")
      .patch({ revoked_at: raw("now()") })
      .returning("user_id");
    if (revoked === undefined) {
      if ((await Session.query(trx).findOne(ownedBy(key))) === undefined) throw notFound("session");
      return;
    }
    await recordEvents(trx, actor, [
      {
        type: "session.revoked",
        environment_id: key.environment_id,
        organization_id: null,
        subject_id: key.id,
        data: { user_id: revoked.user_id },
      },
    ]);
  });
}
