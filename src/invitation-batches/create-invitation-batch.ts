import type { Knex } from "knex";
import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { type Actor, recordEvent } from "../events/record-events.ts";
import { newId } from "../lib/id.ts";
import type { Invitation } from "../models/invitation.ts";
import { InvitationBatch } from "../models/invitation-batch.ts";
import { Organization } from "../models/organization.ts";
import { type NewRow, newRows, resendRows, type SentRow, writeRows } from "./new-rows.ts";
import { roleFinder } from "./read-role-cell.ts";
import { requireBatchAllowed } from "./require-batch-allowed.ts";

interface NewBatch {
  environment_id: string;
  /** Null: a program resends invitations of any organization in the environment. */
  organization_id: string | null;
  /** The program that asked, if one did. Its scopes when a row is processed decide about the row. */
  client_id: string | null;
  dry_run: boolean;
}

export interface NewInvitationBatch extends NewBatch {
  organization_id: string;
  rows: SentRow[];
}

/**
 * Creates a batch of invitations, which a job processes row by row. A wrong row records its problem and stops no other.
 * Of several rows with the same address, the first counts.
 * @throws 404 for an unknown organization, 409 for one with too many unfinished batches, 429.
 */
export function createInvitationBatch(
  context: Pick<Context, "db" | "queues">,
  { rows, ...batch }: NewInvitationBatch,
  actor: Actor,
): Promise<InvitationBatch> {
  return createBatch(context, { ...batch, kind: "invite" }, actor, async (trx) => {
    const namesRoles = rows.some((row) => "input" in row && row.role_names.length > 0);
    return newRows(rows, namesRoles ? await roleFinder(trx, batch) : undefined);
  });
}

export interface NewResendBatch extends NewBatch {
  invitations: Array<Pick<Invitation, "id" | "email">>;
}

/**
 * Creates a batch that resends invitations. A job processes them one by one, each as a single resend at that moment. One
 * that can't be resent records why and stops no other.
 * @throws 404 for an unknown organization, 409 for one with too many unfinished batches, 429.
 */
export function createResendBatch(
  context: Pick<Context, "db" | "queues">,
  { invitations, ...batch }: NewResendBatch,
  actor: Actor,
): Promise<InvitationBatch> {
  return createBatch(context, { ...batch, kind: "resend" }, actor, () => resendRows(invitations));
}

function createBatch(
  { db, queues }: Pick<Context, "db" | "queues">,
  { client_id, ...batch }: NewBatch & Pick<InvitationBatch, "kind">,
  actor: Actor,
  rowsOf: (trx: Knex.Transaction) => NewRow[] | Promise<NewRow[]>,
): Promise<InvitationBatch> {
  const { environment_id, organization_id, kind, dry_run } = batch;
  return transaction(db, async (trx, afterCommit) => {
    // Turns most of many simultaneous requests away before their rows are written.
    await requireBatchAllowed(trx, batch, actor);
    const rows = await rowsOf(trx);
    const count = (status: NewRow["status"]) => rows.filter((row) => row.status === status).length;
    const total_count = rows.length;
    const created = await InvitationBatch.query(trx)
      .insert({
        id: newId("batch"),
        ...batch,
        // No endpoint lets other kinds of actors create batches.
        actor_kind: actor.kind as InvitationBatch["actor_kind"],
        actor_user_id: actor.user_id,
        actor_client_id: client_id,
        request_id: actor.request_id,
        total_count,
        failed_count: count("failed"),
        duplicate_count: count("duplicate"),
      })
      .returning("*");
    await writeRows(trx, created, rows);
    const data = { ...(kind === "resend" && { kind }), dry_run, total_count };
    await recordEvent(trx, actor, "invitation_batch.created", created, data);
    // A deletion of the organization must count and delete every batch: this sees one that has started, and one that has
    // not waits for this commit. The lock comes last, because writing the rows takes a while and others need it too.
    if (organization_id !== null) await Organization.lock(trx, environment_id, organization_id);
    await requireBatchAllowed(trx, created, actor);
    afterCommit(() => queues.wakeUp("batch"));
    return created;
  });
}
