import type { Context } from "../context.ts";
import { statement } from "../db/statement.ts";
import { transaction } from "../db/transaction.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { newId } from "../lib/id.ts";
import type { OptOut } from "./find-opt-out.ts";

/**
 * Ends an insert into `suppressions` (SQL). The first reason stays, except that a person's wish replaces a bounce:
 * otherwise lifting the bounce would let email through to someone who asked for none. Returns only new rows.
 */
export const UNLESS_SUPPRESSED = `
  on conflict (environment_id, email_canonical) do update
    set reason = excluded.reason, detail = excluded.detail
    where suppressions.reason = 'bounced' and excluded.reason <> 'bounced'
  returning *`;

const suppress = statement<{ id: string }, { id: string; environment_id: string; email_canonical: string }>(
  "opt-out",
  { id: "text", environment_id: "text", email_canonical: "text" },
  `
  insert into suppressions (id, environment_id, email_canonical, reason)
  values (:id, :environment_id, :email_canonical, 'opted_out')
  ${UNLESS_SUPPRESSED}`,
);

/**
 * Stops invitations to an address, from any organization, because its owner asked for it. Repeating it changes nothing.
 * The owner can still answer open invitations.
 */
export function optOut(
  { db }: Context,
  { environment_id, email_canonical }: Pick<OptOut, "environment_id" | "email_canonical">,
  actor: Actor,
): Promise<void> {
  return transaction(db, async (trx) => {
    const rows = await suppress(trx, { id: newId("sup"), environment_id, email_canonical });
    const data = { email: email_canonical, reason: "opted_out" };
    const type = "suppression.created";
    await recordEvents(
      trx,
      actor,
      rows.map(({ id }) => ({ type, environment_id, organization_id: null, subject_id: id, data })),
    );
  });
}
