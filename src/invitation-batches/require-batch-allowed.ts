import type { Knex } from "knex";
import { statement } from "../db/statement.ts";
import { conflict } from "../errors.ts";
import type { Actor } from "../events/record-events.ts";
import type { InvitationBatch } from "../models/invitation-batch.ts";
import { quotaSql } from "../models/quotas.ts";

const findUnfinished = statement<{ most: number | null; senders: Array<string | null> }>(
  "find-unfinished-invitation-batches",
  `
  select quota.most, array(
    select b.actor_user_id from invitation_batches b
    -- As the index of unfinished ones has it.
    where b.organization_id = $2 and b.status in ('queued', 'running') and b.id is distinct from $3
    limit 2 * quota.most
  ) as senders
  from environments e cross join lateral (select ${quotaSql("e.settings", "unfinished_batches")} as most) quota
  where e.id = $1`,
);

/**
 * Refuses a batch that would be one too many. Nobody is exempt, since this is about the queue and not about who asks. A
 * user who has none there may always send one, up to twice as many in all, so one member can't keep the others out.
 * The answer is final only with the organization locked: each of many that come at once then sees those before it.
 * @param batch `id` is that of the batch itself, where it is written already.
 * @throws 409.
 */
export async function requireBatchAllowed(
  db: Knex,
  {
    environment_id,
    organization_id,
    id,
  }: Pick<InvitationBatch, "environment_id" | "organization_id"> & { id?: string },
  { user_id }: Pick<Actor, "user_id">,
): Promise<void> {
  const [{ most = null, senders = [] } = {}] = await findUnfinished(db, [
    environment_id,
    organization_id,
    id ?? null,
  ]);
  if (most === null || senders.length < most) return;
  const isNewcomer = user_id !== null && !senders.includes(user_id);
  if (isNewcomer && senders.length < 2 * most) return;
  const detail = `The organization has ${senders.length} unfinished batches: wait for one to be completed, or cancel one.`;
  throw conflict("batch_limit", detail);
}
