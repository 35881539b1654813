import type { Knex } from "knex";
import { statement } from "../db/statement.ts";
import { conflict, tooSoon } from "../errors.ts";
import type { Actor } from "../events/record-events.ts";
import type { InvitationBatch } from "../models/invitation-batch.ts";
import { quotaSql } from "../models/quotas.ts";

/** Rows a user may send in 24 hours for each invitation they may: most files have mistakes, and are sent again. */
const ROWS_PER_INVITATION = 20;

interface Asked {
  environment_id: string;
  organization_id: string | null;
  batch_id: string | null;
  user_id: string | null;
}

interface Found {
  most: number | null;
  senders: Array<string | null>;
  most_rows: number | null;
  rows_lately: number;
}

const findBatches = statement<Found, Asked>(
  "find-invitation-batches-that-count",
  { environment_id: "text", organization_id: "text", batch_id: "text", user_id: "text" },
  `
  select quota.most, ${ROWS_PER_INVITATION} * ${quotaSql("e.settings", "invitations_per_user")} as most_rows, (
    select coalesce(sum(b.total_count), 0)::int from invitation_batches b
    where b.actor_user_id = :user_id and b.created_at > now() - interval '24 hours' and b.id is distinct from :batch_id
  ) as rows_lately, array(
    select b.actor_user_id from invitation_batches b
    -- As the index of unfinished ones has it.
    where (
      b.organization_id = :organization_id
      or :organization_id is null and b.organization_id is null and b.environment_id = :environment_id
    )
      and b.status in ('queued', 'running') and b.id is distinct from :batch_id
    limit 2 * quota.most
  ) as senders
  from environments e cross join lateral (select ${quotaSql("e.settings", "unfinished_batches")} as most) quota
  where e.id = :environment_id`,
);

/**
 * Refuses a batch that would be one too many. Nobody is exempt, since this is about the queue and not about who asks. A
 * user who has none there may always send one, up to twice as many in all, so one member can't keep the others out.
 * The answer is final only with the organization locked: each of many that come at once then sees those before it.
 * Rows are kept for months whatever becomes of them, so a user sends a number of them in 24 hours and no more.
 * @param batch `id` is that of the batch itself, where it is written already.
 * @throws 409, 429.
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
  const asked = { environment_id, organization_id, batch_id: id ?? null, user_id };
  const [{ most = null, senders = [], most_rows = null, rows_lately = 0 } = {}] = await findBatches(
    db,
    asked,
  );
  if (most_rows !== null && rows_lately >= most_rows) {
    const detail = `You have sent ${rows_lately} rows in 24 hours, which is as many as you may. Try again later, or ask the operator for more.`;
    throw tooSoon("inviter_limit", detail, 3_600);
  }
  if (most === null || senders.length < most) return;
  const isNewcomer = user_id !== null && !senders.includes(user_id);
  if (isNewcomer && senders.length < 2 * most) return;
  const detail = `${organization_id === null ? "The environment has" : "The organization has"} ${senders.length} unfinished batches: wait for one to be completed, or cancel one.`;
  throw conflict("batch_limit", detail);
}
