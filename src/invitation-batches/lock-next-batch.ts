import type { Knex } from "knex";
import { statement } from "../db/statement.ts";
import type { InvitationBatch } from "../models/invitation-batch.ts";

/** An unfinished batch whose turn it is, locked; and whether its organization and program still allow it. */
export interface LockedBatch
  extends Pick<
    InvitationBatch,
    | "id"
    | "environment_id"
    | "kind"
    | "organization_id"
    | "actor_kind"
    | "actor_user_id"
    | "request_id"
    | "dry_run"
    | "total_count"
  > {
  /** False once the deletion of the organization has started. */
  has_organization: boolean;
  /** False if the program that asked is deleted or may no longer invite. True for people, who are checked at each row. */
  program_may: boolean;
}

/**
 * Picks the batch that has waited longest, and skips those another run holds. Batches of one organization run one after
 * another: chunks of two would overlap, hold the organization's lock without a gap, and keep everyone else waiting.
 */
const lockNext = statement<LockedBatch, { except: string[] }>(
  "lock-next-invitation-batch",
  { except: "text[]" },
  `
  select b.id, b.environment_id, b.kind, b.organization_id, b.actor_kind, b.actor_user_id, b.request_id, b.dry_run, b.total_count,
    b.organization_id is null or exists (select from organizations where id = b.organization_id and deleting_at is null) as has_organization,
    b.actor_client_id is null or exists (
      select from api_clients where id = b.actor_client_id and 'invitations:write' = any (scopes)
    ) as program_may
  from invitation_batches b
  where b.status in ('queued', 'running') and b.id <> all (:except)
    and not exists (
      select from invitation_batches earlier
      where earlier.organization_id = b.organization_id and earlier.id < b.id
        and earlier.status in ('queued', 'running') and earlier.id <> all (:except)
    )
  order by b.updated_at
  limit 1
  for no key update of b skip locked`,
);

/** Finds and locks the next batch. @param except ids of batches to skip. */
export async function lockNextBatch(
  trx: Knex.Transaction,
  except: string[],
): Promise<LockedBatch | undefined> {
  const [batch] = await lockNext(trx, { except });
  return batch;
}
