import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { conflict } from "../errors.ts";
import { type Actor, recordEvent } from "../events/record-events.ts";
import type { EmailAddress } from "../lib/email-address.ts";
import { newId } from "../lib/id.ts";
import { insertUnlessExists } from "../models/insert-unless-exists.ts";
import { Suppression, type SuppressionReason } from "../models/suppression.ts";

export interface NewSuppression {
  environment_id: string;
  address: EmailAddress;
  reason: SuppressionReason;
  detail: string | null;
}

/** Stops all email to an address, including what is already queued. @throws 409 if it is already suppressed. */
export function createSuppression(
  { db }: Context,
  { environment_id, address, reason, detail }: NewSuppression,
  actor: Actor,
): Promise<Suppression> {
  const email_canonical = address.canonical;
  return transaction(db, async (trx) => {
    const row = { id: newId("sup"), environment_id, email_canonical, reason, detail };
    const created = await insertUnlessExists(Suppression, trx, row);
    if (created === undefined) {
      const detail =
        "This address is already suppressed. Find the suppression with `filter[email]`, and delete it to send email again.";
      throw conflict("already_suppressed", detail);
    }
    const { id } = created;
    const data = { email: email_canonical, reason };
    await recordEvent(trx, actor, "suppression.created", { id, environment_id, organization_id: null }, data);
    return created;
  });
}
