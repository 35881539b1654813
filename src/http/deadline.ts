import type { Middleware } from "koa";
import { timedOut } from "../errors.ts";

/** Milliseconds. Longer than any wait within a request, so it ends the ones that have several. */
export const REQUEST_LIMIT = 15_000;

/**
 * Answers in time, whatever a request waits for. The time runs from the moment the request has arrived in full: slow
 * senders have a limit of their own. The work is not undone, so the answer says that it may have happened.
 * @throws 503 `timeout`, to be answered further up.
 */
export function deadline(limit: number): Middleware {
  return async (ctx, next) => {
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<never>((_, reject) => {
      function start(): void {
        timer = setTimeout(() => {
          if (ctx.req.complete) reject(timedOut(new Error(`no answer within ${limit / 1_000} s`)));
          else ctx.req.once("end", start);
        }, limit);
      }
      start();
    });
    const work = next();
    try {
      await Promise.race([work, over]);
    } finally {
      clearTimeout(timer);
    }
  };
}
