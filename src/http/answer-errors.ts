import type { Context as KoaContext, Middleware } from "koa";
import { badRequest, notFound, Refusal } from "../errors.ts";
import { createRareWarnings } from "../lib/warn-rarely.ts";
import type { Log } from "../log.ts";
import { refusalOf } from "./refusal-of.ts";
import type { RequestState } from "./request-scope.ts";

/** How a face puts a refusal on the wire. */
export type Render = (ctx: KoaContext, refusal: Refusal, requestId: string) => void;

/**
 * Turns whatever goes wrong below into an answer of the face, and what no route took into 404 or 405. A defect
 * becomes a 500 that says nothing but the request's id; the log has the rest.
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
  // Koa and its router complain of a malformed path (`%zz`) by an error with a status.
  if (error instanceof URIError || (error instanceof Error && "status" in error && error.status === 400)) {
    return badRequest("malformed_request", "The request is malformed.");
  }
  log.error({ err: error, request: requestId }, "a request failed");
  const detail = "Something went wrong on our side. Tell support the request id.";
  return new Refusal(500, [{ code: "internal_error", detail }]);
}
