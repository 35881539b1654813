import { randomUUID } from "node:crypto";
import type { Middleware } from "koa";
import type { Log } from "../log.ts";

/** The state of every request. */
export interface RequestState {
  /** The id in `X-Request-Id`, errors, events and the log. People quote it to support. */
  requestId: string;
}

/** Gives the request an id and logs its end, with those parts of the path that can't be secret. */
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

/** A word or an id. Tokens of links and sessions are longer. */
const PLAIN = /^[\w.-]{1,40}$/;

/**
 * Returns the part of a request's path that is safe to log: words and ids, up to the first segment that is anything
 * else or follows the `/i/` or `/u/` of a link. Doesn't rely on the router, because a mistyped link still contains
 * its token.
 */
export function harmlessPath(path: string): string {
  const shown: string[] = [];
  for (const segment of path.split("/").filter((text) => text !== "")) {
    const isLink = /^[iu]$/i.test(shown.at(-1) ?? "");
    if (isLink || !PLAIN.test(segment)) return `/${[...shown, "…"].join("/")}`;
    shown.push(/^[iu]$/i.test(segment) ? segment.toLowerCase() : segment);
  }
  return `/${shown.join("/")}`;
}
