import type { Middleware } from "koa";
import { timedOut } from "../errors.ts";

/** Milliseconds. Longer than any wait within a request, so it ends the ones that have several. */
export const REQUEST_LIMIT = 15_000;

/**
 * Answers in time, no matter what a request waits for. The time runs from the moment the request has arrived in full. A
 * request may arrive slowly, but not once its connection has been silent for as long as the server allows. A reader who
 * takes no byte of an answer is cut off. The work is not undone, so the answer says that it may have happened.
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
        // The rest of the request is not awaited.
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
