import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { notFound } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { Suppression } from "../models/suppression.ts";

/** Lifts a suppression: the next mail to the address is sent. What was settled meanwhile stays unsent. @throws 404. */
export function deleteSuppression(
  { db }: Context,
  { id, environment_id }: { id: string; environment_id: string },
  actor: Actor,
): Promise<void> {
  return transaction(db, async (trx) => {
    const [lifted] = await Suppression.query(trx).delete().where({ id, environment_id }).returning("*");
    if (lifted === undefined) throw notFound("suppression");
    const { email_canonical, reason } = lifted;
    await recordEvents(trx, actor, [
      {
        type: "suppression.deleted",
        environment_id,
        organization_id: null,
        subject_id: id,
        data: { email: email_canonical, reason },
      },
    ]);
  });
}
