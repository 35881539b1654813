import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { type Actor, recordEvents } from "../events/record-events.ts";
import { newId } from "../lib/id.ts";
import type { Invitation } from "../models/invitation.ts";
import { InvitationBatch } from "../models/invitation-batch.ts";
import { Organization } from "../models/organization.ts";
import { type NewRow, newRows, type SentRow, writeRows } from "./new-rows.ts";
import { roleFinder } from "./read-role-cell.ts";
import { requireBatchAllowed } from "./require-batch-allowed.ts";

export interface NewInvitationBatch {
  environment_id: string;
  organization_id: string;
  /** The program that asks, if it is one: the rows are judged by what it may do then. */
  client_id: string | null;
  dry_run: boolean;
  rows: SentRow[];
}

/**
 * Takes many invitations at once; a job makes them, row by row. What is wrong with a row is kept with it and stops
 * nothing else. Of rows to the same address the first counts.
 * @throws 404 for an organization that isn't there, 409 for one with too many unfinished batches.
 */
export function createInvitationBatch(
  { db, queues }: Context,
  { environment_id, organization_id, client_id, dry_run, rows }: NewInvitationBatch,
  actor: Actor,
): Promise<InvitationBatch> {
  return transaction(db, async (trx, afterCommit) => {
    // Most of many that come at once are turned away here, before their rows are written.
    await requireBatchAllowed(trx, { environment_id, organization_id }, actor);
    const namesRoles = rows.some((row) => "input" in row && row.role_names.length > 0);
    const roles = namesRoles ? await roleFinder(trx, { environment_id, organization_id }) : undefined;
    const all = newRows(rows, roles);
    const count = (status: NewRow["status"]) => all.filter((row) => row.status === status).length;
    const batch = await InvitationBatch.query(trx)
      .insert({
        id: newId("batch"),
        environment_id,
        organization_id,
        // Nobody else gets this far.
        actor_kind: actor.kind as InvitationBatch["actor_kind"],
        actor_user_id: actor.user_id,
        actor_client_id: client_id,
        request_id: actor.request_id,
        dry_run,
        total_count: all.length,
        failed_count: count("failed"),
        duplicate_count: count("duplicate"),
      })
      .returning("*");
    await writeRows(trx, batch, all);
    const data = { dry_run, total_count: all.length };
    await recordEvents(trx, actor, [
      { type: "invitation_batch.created", environment_id, organization_id, subject_id: batch.id, data },
    ]);
    // A deletion must count and remove every batch: one that has begun is seen here, and one that has not waits for the
    // commit. It comes last, for writing the rows takes a while and others want the organization, too.
    await Organization.lock(trx, environment_id, organization_id);
    await requireBatchAllowed(trx, batch, actor);
    afterCommit(() => queues.wakeUp("batch"));
    return batch;
  });
}

export interface NewResendBatch {
  environment_id: string;
  /** Null: the invitations are of any organization in the environment. For programs alone. */
  organization_id: string | null;
  /** The program that asks, if it is one. */
  client_id: string | null;
  dry_run: boolean;
  invitations: Array<Pick<Invitation, "id" | "email">>;
}

/**
 * Takes on to resend many invitations; a job does it, one by one, each judged as a single resend is at that moment. What
 * can't be resent is kept with its row and stops nothing else.
 * @throws 404 for an organization that isn't there, 409 for one with too many unfinished batches.
 */
export function createResendBatch(
  { db, queues }: Pick<Context, "db" | "queues">,
  { invitations, client_id, ...where }: NewResendBatch,
  actor: Actor,
): Promise<InvitationBatch> {
  const { environment_id, organization_id, dry_run } = where;
  return transaction(db, async (trx, afterCommit) => {
    // Most of many that come at once are turned away here, before their rows are written.
    await requireBatchAllowed(trx, where, actor);
    const batch = await InvitationBatch.query(trx)
      .insert({
        id: newId("batch"),
        kind: "resend",
        ...where,
        // Nobody else gets this far.
        actor_kind: actor.kind as InvitationBatch["actor_kind"],
        actor_user_id: actor.user_id,
        actor_client_id: client_id,
        request_id: actor.request_id,
        total_count: invitations.length,
      })
      .returning("*");
    // Within a millisecond ids are in any order.
    const ids = invitations.map(() => newId("batchrow")).sort();
    const rows = invitations.map(({ id, email }, index) => ({
      id: ids[index] ?? "",
      number: index + 1,
      line: null,
      email,
      input: null,
      status: "queued" as const,
      code: null,
      detail: null,
      invitation_id: id,
    }));
    await writeRows(trx, batch, rows);
    const data = { kind: "resend", dry_run, total_count: invitations.length };
    await recordEvents(trx, actor, [
      { type: "invitation_batch.created", environment_id, organization_id, subject_id: batch.id, data },
    ]);
    if (organization_id !== null) await Organization.lock(trx, environment_id, organization_id);
    await requireBatchAllowed(trx, batch, actor);
    afterCommit(() => queues.wakeUp("batch"));
    return batch;
  });
}
