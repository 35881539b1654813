import { randomUUID } from "node:crypto";
import type { Middleware } from "koa";
import { harmlessPath } from "../lib/harmless-path.ts";
import type { Log } from "../log.ts";

/** The state of every request. */
export interface RequestState {
  /** The id in `X-Request-Id`, errors, events and the log. People quote it to support. */
  requestId: string;
}

/** Gives the request its id and logs its end, with the parts of the path that can't be secret. */
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
