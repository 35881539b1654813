import type { Knex } from "knex";
import { statement } from "../db/statement.ts";
import { newId } from "../lib/id.ts";

const BATCH = 1_000;

/** One event per invitation; the ids of the events come from outside, one for each row there may be. */
const expireBatch = statement<{ expired: number }>(
  "expire-invitations",
  `
  with overdue as (
    select id from invitations where status = 'pending' and expires_at <= now()
    order by expires_at limit $1 for update skip locked
  ),
  expired as (
    update invitations i set status = 'expired', expired_at = now(), updated_at = now()
    from overdue where i.id = overdue.id
    returning i.id, i.environment_id, i.organization_id
  ),
  numbered as (select *, row_number() over () as n from expired),
  events_written as (
    insert into events (id, environment_id, type, actor_kind, organization_id, subject_id)
    select event.id, environment_id, 'invitation.expired', 'system', organization_id, numbered.id
    from numbered join unnest($2::text[]) with ordinality as event(id, n) using (n)
    returning 1
  )
  select count(*)::int as expired from events_written`,
);

/**
 * Writes what is true already: pending invitations past their expiry become `expired`. Housekeeping only: nobody can
 * accept after expiry however late this runs. Rows locked by an answer under way are left to the next run.
 * @param aborted asked between batches.
 * @returns how many.
 */
export async function expireInvitations(db: Knex, aborted: () => boolean): Promise<number> {
  let total = 0;
  while (!aborted()) {
    const eventIds = Array.from({ length: BATCH }, () => newId("evt"));
    const [batch] = await expireBatch(db, [BATCH, eventIds]);
    total += batch?.expired ?? 0;
    if (batch === undefined || batch.expired < BATCH) break;
  }
  return total;
}
