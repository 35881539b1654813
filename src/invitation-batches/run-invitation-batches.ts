import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { type LockedBatch, lockNextBatch } from "./lock-next-batch.ts";
import { workOffChunk } from "./work-off-chunk.ts";

/**
 * Works the unfinished batches off, a chunk of each in turn, until none is left that isn't in other hands. Every chunk is
 * a transaction of its own, so it may be killed anywhere and run again, by two workers at once too.
 * @param aborted asked between chunks; true leaves the rest to a later run.
 * @throws when the database can't be reached.
 */
export async function runInvitationBatches(
  context: Pick<Context, "db" | "queues" | "log">,
  aborted: () => boolean,
): Promise<void> {
  const troubles: Troubles = { careful: new Set(), given_up: new Set() };
  while (!aborted() && (await takeTurn(context, troubles)));
}

/** Ids of batches in which a chunk failed: once, so that it is tried row by row; and again, so that it is left alone. */
interface Troubles {
  careful: Set<string>;
  given_up: Set<string>;
}

/** @returns false when there is nothing to do. */
async function takeTurn(
  { db, queues, log }: Pick<Context, "db" | "queues" | "log">,
  { careful, given_up }: Troubles,
): Promise<boolean> {
  const turn: { batch?: LockedBatch | undefined } = {};
  try {
    await transaction(db, async (trx, afterCommit) => {
      turn.batch = await lockNextBatch(trx, [...given_up]);
      if (turn.batch === undefined) return;
      const due = await workOffChunk(trx, turn.batch, { careful: careful.has(turn.batch.id), log });
      if (due > 0) afterCommit(() => queues.wakeUp("mail"));
    });
  } catch (error) {
    if (turn.batch === undefined) throw error;
    const { id } = turn.batch;
    // One that can't be worked off must not keep the others waiting; the next run tries it again.
    const level = careful.has(id) ? "error" : "warn";
    log[level]({ err: error, batch: id }, "a chunk of a batch failed");
    (careful.has(id) ? given_up : careful).add(id);
  }
  return turn.batch !== undefined;
}
