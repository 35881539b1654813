import { randomUUID } from "node:crypto";
import type { Middleware } from "koa";
import { harmlessPath } from "../lib/harmless-path.ts";
import type { Log } from "../log.ts";

/** What every request has, whatever serves it. */
export interface RequestState {
  /** In the answer's `X-Request-Id`, in errors, events and the log: what a person quotes to support. */
  requestId: string;
}

/** Gives the request its id and notes its end. Of the path, only what can't be a secret is logged. */
export function requestScope(log: Log): Middleware<RequestState> {
  return async (ctx, next) => {
    const startedAt = performance.now();
    ctx.state.requestId = randomUUID();
    ctx.set("X-Request-Id", ctx.state.requestId);
    await next();
    if (!log.isLevelEnabled("debug")) return;
    const { method, status, path, state } = ctx;
    const milliseconds = Math.round(performance.now() - startedAt);
    log.debug(
      { method, path: harmlessPath(path), status, milliseconds, request: state.requestId },
      "request",
    );
  };
}
