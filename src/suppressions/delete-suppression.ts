import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { notFound } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { Suppression } from "../models/suppression.ts";

/**
 * Lifts a suppression: the next email to the address is sent. What was settled meanwhile stays unsent. The emails its owner
 * opted out by, or complained of, have served: none of them opts out again by one click.
 * @throws 404.
 */
export function deleteSuppression(
  { db }: Context,
  { id, environment_id }: { id: string; environment_id: string },
  actor: Actor,
): Promise<void> {
  return transaction(db, async (trx) => {
    const [lifted] = await Suppression.query(trx).delete().where({ id, environment_id }).returning("*");
    if (lifted === undefined) throw notFound("suppression");
    const { email_canonical, reason } = lifted;
    if (reason !== "bounced") {
      await trx("invitations")
        .where({ environment_id, email_canonical })
        .update({ opt_out_lifted_at: trx.fn.now() });
    }
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
