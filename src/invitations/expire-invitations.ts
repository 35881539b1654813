import type { Knex } from "knex";
import { statement } from "../db/statement.ts";
import { newId } from "../lib/id.ts";
import { inChunks } from "../lib/in-chunks.ts";

const CHUNK = 1_000;

/**
 * Writes one event per invitation, and per inviter and organization one email, which counts the invitations that expired
 * at once. To know whom the run has already notified, all its chunks write the time of the first (`:moment`). The ids
 * come from outside, one for each possible row.
 */
const expireChunk = statement<
  { expired: number; moment: string },
  { limit: number; event_ids: string[]; delivery_ids: string[]; moment: string | null }
>(
  "expire-invitations",
  { limit: "int", event_ids: "text[]", delivery_ids: "text[]", moment: "timestamptz" },
  `
  with run as (select coalesce(:moment, now()) as moment),
  overdue as (
    select i.id from invitations i
    where i.status = 'pending' and i.expires_at <= (select moment from run)
      -- Those of an organization that is being taken apart ended with it, and its deletion says so.
      and not exists (select from organizations o where o.id = i.organization_id and o.deleting_at is not null)
    order by i.expires_at limit :limit for update of i skip locked
  ),
  expired as (
    update invitations i set status = 'expired', expired_at = moment, updated_at = now()
    from overdue, run where i.id = overdue.id
    returning i.id, i.environment_id, i.organization_id, i.inviter_user_id, i.token_version
  ),
  numbered as (select *, row_number() over () as n from expired),
  events_written as (
    insert into events (id, environment_id, type, actor_kind, organization_id, subject_id)
    select event.id, environment_id, 'invitation.expired', 'system', organization_id, numbered.id
    from numbered join unnest(:event_ids) with ordinality as event(id, n) using (n)
    returning 1
  ),
  notified as (
    select *, row_number() over () as n from (
      select distinct on (expired.inviter_user_id, expired.organization_id)
        expired.id, expired.inviter_user_id, expired.organization_id, expired.token_version, u.environment_id, u.email, u.email_canonical
      from expired
      join users u on u.id = expired.inviter_user_id
      join environments e on e.id = u.environment_id
      where u.email_verified_at is not null and coalesce((e.settings->'notify_inviter'->>'expired')::boolean, true)
      order by expired.inviter_user_id, expired.organization_id, expired.id
    ) inviter
    where :moment is null or not exists (
      select from invitations told join mail_deliveries d on d.invitation_id = told.id and d.kind = 'invitation-expired'
      where told.inviter_user_id = inviter.inviter_user_id and told.organization_id = inviter.organization_id
        and told.expired_at = :moment
    )
  ),
  deliveries_written as (
    insert into mail_deliveries (id, environment_id, invitation_id, kind, seq, email, email_canonical)
    -- One that was resent after its expiry may expire again.
    select delivery.id, environment_id, notified.id, 'invitation-expired', token_version, email, email_canonical
    from notified join unnest(:delivery_ids) with ordinality as delivery(id, n) using (n)
    on conflict (invitation_id, kind, seq) do nothing
  )
  select (select count(*)::int from events_written) as expired, moment::text from run`,
);

/**
 * Marks overdue invitations as `expired`. Housekeeping only: nobody can accept one, however late this runs. Rows that an
 * answer has locked are left to the next run.
 * @param aborted asked between chunks.
 * @returns the number expired.
 */
export function expireInvitations(db: Knex, aborted: () => boolean): Promise<number> {
  const ids = (prefix: "evt" | "dlv") => Array.from({ length: CHUNK }, () => newId(prefix));
  let moment: string | null = null;
  return inChunks(CHUNK, aborted, async () => {
    const given = { limit: CHUNK, event_ids: ids("evt"), delivery_ids: ids("dlv"), moment };
    const [chunk] = await expireChunk(db, given);
    moment = chunk?.moment ?? null;
    return chunk?.expired ?? 0;
  });
}
