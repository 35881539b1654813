import type { Knex } from "knex";
import type { Context } from "../context.ts";
import { statement } from "../db/statement.ts";
import { transaction } from "../db/transaction.ts";
import { conflict, notFound } from "../errors.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { inChunks } from "../lib/in-chunks.ts";
import { Invitation } from "../models/invitation.ts";
import { Organization } from "../models/organization.ts";
import { requirePermissionNow } from "../roles/require-permission-now.ts";
import { findInvitation, type InvitationKey } from "./find-invitation.ts";

/** Moves an unsent notice about several failures to another of their invitations. */
const keepNotice = statement<never, { id: string }>(
  "keep-notice",
  { id: "text" },
  `
  update mail_deliveries notice set invitation_id = next.id
  from mail_deliveries unsent
  cross join lateral (
    select i.id
    from jsonb_array_elements(unsent.about->'failures') failure
    join invitations i on i.organization_id = unsent.organization_id and i.email_canonical = lower(failure->>'email')
    where i.id <> unsent.invitation_id and not exists (
      select from mail_deliveries d where d.invitation_id = i.id and d.kind = unsent.kind and d.seq = unsent.seq
    )
    order by i.id limit 1
  ) next
  where unsent.invitation_id = :id and unsent.kind = 'invitation-undelivered' and unsent.due_at is not null
    and notice.id = unsent.id`,
);

/**
 * Deletes an invitation that is over, with its deliveries. Its events stay, and limits still count its emails (migration
 * 0023). Its links, including the opt-out link, become unknown.
 * @throws 404, 403 if the actor has just lost the right, 409 while it can still be answered.
 */
export async function deleteInvitation({ db }: Context, key: InvitationKey, actor: Actor): Promise<void> {
  const { id, environment_id, organization_id } = await findInvitation(db, key);
  await transaction(db, async (trx) => {
    await Organization.lock(trx, environment_id, organization_id);
    await requirePermissionNow(trx, actor, organization_id, "members:manage");
    await keepNotice(trx, { id });
    const [deleted] = await Invitation.query(trx)
      .where({ id })
      .whereRaw("(status <> 'pending' or expires_at <= clock_timestamp())")
      .delete()
      .returning("status");
    if (deleted === undefined) throw await whyNot();
    const event = { environment_id, organization_id, subject_id: id };
    await recordEvents(trx, actor, [
      // It had expired, and the schedule had not come to write that down.
      ...(deleted.status === "pending" ? [{ ...event, type: "invitation.expired" as const }] : []),
      { ...event, type: "invitation.deleted" },
    ]);

    async function whyNot() {
      const left = await Invitation.query(trx).findById(id);
      if (left === undefined) return notFound("invitation");
      return conflict(
        "still_pending",
        "This invitation can still be answered. Revoke it first, then delete it.",
      );
    }
  });
}

const CHUNK = 1_000;

const purgeChunk = statement<{ purged: number }, { limit: number }>(
  "purge-deleted-deliveries",
  { limit: "int" },
  `
  with purged as (
    delete from deleted_deliveries where id in (
      select id from deleted_deliveries
      where created_at < now() - interval '24 hours'
      limit :limit
    )
    returning id
  )
  select count(*)::int as purged from purged`,
);

/**
 * Removes the remains of deleted deliveries once no limit counts them.
 * @param aborted asked between chunks.
 * @returns the number removed.
 */
export function purgeDeletedDeliveries(db: Knex, aborted: () => boolean): Promise<number> {
  return inChunks(CHUNK, aborted, async () => {
    const [chunk] = await purgeChunk(db, { limit: CHUNK });
    return chunk?.purged ?? 0;
  });
}
