import { setTimeout as sleep } from "node:timers/promises";
import type { Knex } from "knex";
import { sqlStateOf } from "./database-problems.ts";

type AfterCommit = (effect: () => void) => void;

const TRIES = 4;
const RETRYABLE = new Set(["40001", "40P01"]);

/**
 * Runs `work` in one transaction and, once it has committed, the effects that `work` registered. After a rollback it
 * runs none: nothing leaves the process before the commit. Effects are wake-ups, which return at once and don't
 * throw. After a deadlock or serialization failure it runs all of `work` again, so `work` may touch nothing but the
 * database.
 * @param db may itself be a transaction. Then this is a savepoint in it, and the code that began the transaction
 *   makes effects wait for its commit, and retries.
 * @throws what `work` throws, after the rollback.
 */
export async function transaction<Result>(
  db: Knex,
  work: (trx: Knex.Transaction, afterCommit: AfterCommit) => Promise<Result>,
): Promise<Result> {
  return retried(db, async () => {
    const effects: Array<() => void> = [];
    const result = await db.transaction((trx) => work(trx, (effect) => effects.push(effect)));
    for (const effect of effects) effect();
    return result;
  });
}

/**
 * Runs `work` again after a deadlock or a serialization failure. For a single statement that is a transaction by itself.
 * @param db inside a transaction nothing is repeated: the one that began it does that.
 */
export async function retried<Result>(db: Knex, work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (db.isTransaction || attempt === TRIES || !isRetryable(error)) throw error;
      await sleep(Math.random() * 20 * attempt);
    }
  }
}

function isRetryable(error: unknown): boolean {
  return error instanceof Error && RETRYABLE.has(sqlStateOf(error));
}
