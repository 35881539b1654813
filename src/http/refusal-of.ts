import { sqlStateOf } from "../db/sql-state.ts";
import { badRequest, conflict, Refusal, timedOut, unavailable } from "../errors.ts";

/**
 * Trouble that passes: lock and statement time-outs, deadlocks after retries; a server that restarts, is full, can't read
 * or write its disk, or became a replica; a schema that changed under a prepared statement.
 */
const PASSING_STATES = /^(55P03|57014|40001|40P01|25P03|25006|57P0\d|53\w{3}|58030|08\w{3})$/;
const PASSING_CODES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "EHOSTUNREACH",
  "EHOSTDOWN",
  "ENETUNREACH",
  "ENETDOWN",
  "ENOTFOUND",
  "EAI_AGAIN",
]);
/** What pg says without a code; knex puts the statement before it, which is often the ROLLBACK that came too late. */
const LOST_CONNECTION =
  /(^| - )(Connection terminated.*|Client .* and is not queryable|timeout expired|cached plan must not change result type)$/;

/**
 * What an error means to a caller. Verbs turn the constraints they know into refusals of their own; this is the net
 * below: a constraint nobody foresaw is still a conflict and no crash.
 * @returns undefined for a defect of ours, which becomes a 500 that says nothing but the request id.
 */
export function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error;
  if (!(error instanceof Error)) return undefined;
  const state = sqlStateOf(error);
  const connectionLost =
    /^(KnexTimeoutError|AggregateError)$/.test(error.name) || LOST_CONNECTION.test(error.message);
  if (state === "ETIMEDOUT") return timedOut(error);
  if (connectionLost || PASSING_STATES.test(state) || PASSING_CODES.has(state)) return unavailable(error);
  if (state === "23505") return conflict("conflict", "Something with these values exists already.");
  if (state === "23503")
    return conflict("conflict", "Something this refers to is gone, or is still referred to.");
  // A check: a process of the previous version may have written what this one bounds.
  if (/^(22\w{3}|23514)$/.test(state)) return badRequest("invalid_value", "A value can't be stored.");
  return undefined;
}
