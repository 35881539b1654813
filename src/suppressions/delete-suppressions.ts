import { raw } from "objection";
import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { Invitation } from "../models/invitation.ts";
import { Suppression } from "../models/suppression.ts";

/**
 * Lifts suppressions: the next email to each address is sent. What was settled meanwhile stays unsent. The emails their
 * owners opted out by, or complained of, have served: none of them opts out again by one click.
 * @param ids a thousand at most, for they are one transaction.
 * @returns how many there were in the environment.
 */
export function deleteSuppressions(
  { db }: Pick<Context, "db">,
  { ids, environment_id }: { ids: string[]; environment_id: string },
  actor: Actor,
): Promise<number> {
  return transaction(db, async (trx) => {
    const lifted = await Suppression.query(trx)
      .delete()
      .whereIn("id", ids)
      .where({ environment_id })
      .returning("*");
    const wishes = lifted.filter(({ reason }) => reason !== "bounced");
    if (wishes.length > 0) {
      const addresses = wishes.map(({ email_canonical }) => email_canonical);
      await Invitation.query(trx)
        .where({ environment_id })
        .whereIn("email_canonical", addresses)
        .patch({ opt_out_lifted_at: raw("now()") });
    }
    await recordEvents(
      trx,
      actor,
      lifted.map(({ id, email_canonical, reason }) => ({
        type: "suppression.deleted",
        environment_id,
        organization_id: null,
        subject_id: id,
        data: { email: email_canonical, reason },
      })),
    );
    return lifted.length;
  });
}
