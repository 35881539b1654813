import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../context.ts";
import { transaction } from "../db/transaction.ts";
import { recent } from "../lib/recent.ts";
import { createRareWarnings } from "../lib/warn-rarely.ts";

/** Milliseconds in which a reading counts as the present. */
const GOOD_FOR = 5_000;
/** Of each statement of a reading: two seconds, and one of the server's processors. */
const LIMITS = "set local statement_timeout = 2000; set local max_parallel_workers_per_gather = 0";
/** Milliseconds a scrape waits: Prometheus' own patience is 10 s by default. */
const PATIENCE = 3_000;

/** With knex's `?`, and not prepared: a plan that lasts could be one by another index, made while the table was small. */
export type Query = <Row>(sql: string, bindings: string[]) => Promise<Row[]>;

/**
 * What the database is asked at a scrape: each reading takes one connection at most, and seldom, however many scrape how
 * often.
 * @returns a function that tells what was read, or undefined where the database does not answer in time.
 */
export function databaseReading<Result>(
  { db, log }: Pick<Context, "db" | "log">,
  read: (query: Query) => Promise<Result>,
): () => Promise<Result | undefined> {
  const warn = createRareWarnings(log);

  async function readBounded(): Promise<Result | undefined> {
    try {
      return await transaction(db, async (trx) => {
        await trx.raw(LIMITS);
        return read(async <Row>(sql: string, bindings: string[]) => {
          const { rows } = await trx.raw<{ rows: Row[] }>(sql, bindings);
          return rows;
        });
      });
    } catch (error) {
      warn("database", { err: error }, "the database can't be read for /metrics");
      return undefined;
    }
  }
  const reading = recent(GOOD_FOR, readBounded);
  // A server that is frozen never answers, nor does it refuse.
  return () => Promise.race([reading(), sleep(PATIENCE, undefined, { ref: false })]);
}
