import type { Knex } from "knex";
import { statement } from "../db/statement.ts";
import { conflict, tooSoon } from "../errors.ts";
import type { Actor } from "../events/record-events.ts";
import type { InvitationBatch } from "../models/invitation-batch.ts";
import { quotaSql } from "../models/quotas.ts";

/** Rows a user may send in 24 hours, for each invitation they may send: most files have mistakes and are sent again. */
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
    -- The conditions of the index of unfinished batches.
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
 * Refuses a batch beyond the limits, which protect the queue, so they apply to everyone. A user with no unfinished batch
 * in the organization may exceed the number there by one, up to twice the limit, so one member can't keep the others out.
 * The result is final only with the organization locked: of many simultaneous requests each then sees those before it.
 * The number of rows a user sends in 24 hours is limited too, because rows are kept for months.
 * @param batch its `id` is given if the batch is already written, so that it doesn't count itself.
 * @throws 409, 429.
 */
export async function requireBatchAllowed(
  db: Knex,
  batch: Pick<InvitationBatch, "environment_id" | "organization_id"> & { id?: string },
  { user_id }: Pick<Actor, "user_id">,
): Promise<void> {
  const { environment_id, organization_id, id: batch_id = null } = batch;
  const [found] = await findBatches(db, { environment_id, organization_id, batch_id, user_id });
  const { most = null, senders = [], most_rows = null, rows_lately = 0 } = found ?? {};
  if (most_rows !== null && rows_lately >= most_rows) {
    const detail = `You have sent ${rows_lately} rows in 24 hours, and may send no more. Try again later, or ask the operator to raise the limit.`;
    throw tooSoon("inviter_limit", detail, 3_600);
  }
  if (most === null || senders.length < most) return;
  const isNewcomer = user_id !== null && !senders.includes(user_id);
  if (isNewcomer && senders.length < 2 * most) return;
  const detail = `The ${organization_id === null ? "environment" : "organization"} has ${senders.length} unfinished batches. Wait for one to be completed, or cancel one.`;
  throw conflict("batch_limit", detail);
}
