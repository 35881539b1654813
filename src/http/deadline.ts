import type { Middleware } from "koa";
import { timedOut } from "../errors.ts";

/** Milliseconds. Longer than any single wait within a request. */
export const REQUEST_LIMIT = 15_000;

/**
 * Ends every request within `limit` milliseconds of its complete arrival. Also ends one that is still arriving, as
 * soon as its connection has been silent for as long as the server allows. Cuts off a client that doesn't read its
 * response. The work isn't undone, so the error says that it may have taken effect.
 * @throws 503 `timeout`, which `answerErrors` renders.
 */
export function deadline(limit: number): Middleware {
  return async (ctx, next) => {
    let timer: NodeJS.Timeout | undefined;
    let start = () => {};
    const over = new Promise<never>((_, reject) => {
      start = () => {
        timer = setTimeout(() => {
          if (ctx.req.complete) reject(timedOut(new Error(`no answer within ${limit / 1_000} s`)));
          else ctx.req.once("end", start);
        }, limit);
      };
      start();
      ctx.res.on("timeout", () => {
        if (ctx.headerSent) return ctx.req.socket.destroy();
        // Don't wait for the rest of the request.
        ctx.set("Connection", "close");
        reject(timedOut(new Error("the connection fell silent")));
      });
    });
    const work = next();
    try {
      await Promise.race([work, over]);
    } finally {
      clearTimeout(timer);
      ctx.req.off("end", start);
    }
  };
}
