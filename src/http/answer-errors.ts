import type { Context as KoaContext, Middleware } from "koa";
import { sqlStateOf } from "../db/database-problems.ts";
import { badRequest, conflict, notFound, Refusal, timedOut, unavailable } from "../errors.ts";
import { createRareWarnings } from "../lib/warn-rarely.ts";
import type { Log } from "../log.ts";
import type { RequestState } from "./request-scope.ts";

/** Writes a refusal in the format of an API or a page. */
export type Render = (ctx: KoaContext, refusal: Refusal, requestId: string) => void;

/**
 * Turns every error into a response that `render` writes, and unknown paths and methods into 404 and 405. A bug
 * becomes a 500 that shows only the request's id. The log has the rest.
 */
export function answerErrors(render: Render, log: Log): Middleware<RequestState> {
  const warn = createRareWarnings(log);
  return async (ctx, next) => {
    const { requestId } = ctx.state;
    try {
      await next();
      if (ctx.status === 404 && ctx.body == null) throw notFound("page");
      if (ctx.status === 405 || ctx.status === 501) throw methodNotAllowed(ctx);
    } catch (error) {
      const refusal = refusalOf(error) ?? defect(error, requestId, log);
      if (refusal.status === 503) {
        const { code, cause } = refusal;
        const why = cause instanceof Error ? cause.message : "";
        const fields = { err: cause, code, request: requestId };
        warn(`${code} ${why}`, fields, "requests can't be answered right now; `err` says why");
      }
      for (const [name, value] of Object.entries(refusal.headers)) ctx.set(name, value);
      ctx.status = refusal.status;
      render(ctx, refusal, requestId);
    }
  };
}

function methodNotAllowed(ctx: KoaContext): Refusal {
  const allowed = ctx.response.get("Allow");
  const detail = allowed === "" ? "This method is not known here." : `This path answers ${allowed} only.`;
  return new Refusal(405, [{ code: "method_not_allowed", detail }]);
}

function defect(error: unknown, requestId: string, log: Log): Refusal {
  // Koa and its router throw such errors for a malformed path (`%zz`).
  if (error instanceof URIError || (error instanceof Error && "status" in error && error.status === 400)) {
    return badRequest("malformed_request", "The request is malformed.");
  }
  log.error({ err: error, request: requestId }, "a request failed");
  const detail = "Something went wrong on our side. Tell support the request id.";
  return new Refusal(500, [{ code: "internal_error", detail }]);
}

/**
 * Temporary problems: lock and statement timeouts, deadlocks after retries, a server that restarts, is full, can't
 * use its disk or became a replica, and a schema that changed under a prepared statement.
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
/** Messages of pg's errors without a code. Knex puts the statement before them, often the ROLLBACK that came too late. */
const LOST_CONNECTION =
  /(^| - )(Connection terminated.*|Client .* and is not queryable|timeout expired|cached plan must not change result type)$/;

/**
 * Turns an error into a refusal. Commands do this for the constraints they know. This catches the others: an unforeseen
 * constraint is still a conflict, not a crash.
 * @returns undefined for a bug, which becomes a 500.
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
  // A process of the previous version may have written a value that a newer constraint forbids.
  if (/^(22\w{3}|23514)$/.test(state)) return badRequest("invalid_value", "A value can't be stored.");
  return undefined;
}
