import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { type LockedBatch, lockNextBatch } from "./lock-next-batch.ts";
import { processChunk } from "./process-chunk.ts";

/**
 * Processes the unfinished batches, a chunk of each in turn, until only those are left that other workers hold. Each
 * chunk is one transaction, so a run may be killed at any point and repeated, even by two workers at once.
 * @param aborted asked between chunks; true leaves the rest to a later run.
 * @throws if the database can't be reached.
 */
export async function runInvitationBatches(
  context: Pick<Context, "db" | "queues" | "log">,
  aborted: () => boolean,
): Promise<void> {
  const failures: Failures = { once: new Set(), twice: new Set() };
  while (!aborted() && (await takeTurn(context, failures)));
}

/** Ids of batches of which a chunk failed: once, so its rows are tried one by one; twice, so this run skips the batch. */
interface Failures {
  once: Set<string>;
  twice: Set<string>;
}

/** Processes a chunk of the next batch. @returns false if there is none. */
async function takeTurn(
  { db, queues, log }: Pick<Context, "db" | "queues" | "log">,
  { once, twice }: Failures,
): Promise<boolean> {
  const turn: { batch?: LockedBatch | undefined } = {};
  try {
    await transaction(db, async (trx, afterCommit) => {
      turn.batch = await lockNextBatch(trx, [...twice]);
      if (turn.batch === undefined) return;
      const due = await processChunk(trx, turn.batch, { isolated: once.has(turn.batch.id), log });
      if (due > 0) afterCommit(() => queues.wakeUp("mail"));
    });
  } catch (error) {
    if (turn.batch === undefined) throw error;
    const { id } = turn.batch;
    // A batch that fails must not keep the others waiting. The next run tries it again.
    const level = once.has(id) ? "error" : "warn";
    log[level]({ err: error, batch: id }, "a chunk of a batch failed");
    (once.has(id) ? twice : once).add(id);
  }
  return turn.batch !== undefined;
}
