import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { notFound } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { ownedBy, type SessionKey } from "./session-key.ts";

/** Ends a session and forgets it. @throws 404. */
export function deleteSession({ db }: Context, key: SessionKey, actor: Actor): Promise<void> {
  return transaction(db, async (trx) => {
    const [deleted] = await trx("sessions").where(ownedBy(key)).delete().returning("user_id");
    if (deleted === undefined) throw notFound("session");
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
