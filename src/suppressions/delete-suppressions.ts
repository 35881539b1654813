import { raw } from "objection";
import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { notFound } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { Invitation } from "../models/invitation.ts";
import { Suppression } from "../models/suppression.ts";

/** Lifts one suppression. @throws 404. */
export async function deleteSuppression(
  context: Context,
  { id, environment_id }: { id: string; environment_id: string },
  actor: Actor,
): Promise<void> {
  const lifted = await deleteSuppressions(context, { ids: [id], environment_id }, actor);
  if (lifted === 0) throw notFound("suppression");
}

/**
 * Lifts suppressions: the next email to each address is sent. Emails that were suppressed stay unsent. The unsubscribe
 * button of earlier emails doesn't opt their owners out again.
 * @param ids at most a thousand, because this is one transaction.
 * @returns the number that existed in the environment.
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
    const optedOut = lifted.filter(({ reason }) => reason !== "bounced");
    if (optedOut.length > 0) {
      const addresses = optedOut.map(({ email_canonical }) => email_canonical);
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
