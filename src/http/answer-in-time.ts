import type { Middleware } from "koa";
import { unavailable } from "../errors.ts";

/**
 * Gives up a request whose connection has been silent for as long as the server allows: its body doesn't come, or its
 * answer takes too long. One that doesn't take the answer it was given is cut off.
 * @throws 503.
 */
export const answerInTime: Middleware = (ctx, next) => {
  const silence = new Promise<never>((_, reject) => {
    ctx.res.on("timeout", () => {
      if (ctx.headerSent) return ctx.req.socket.destroy();
      // What is still to come of the request is no longer waited for.
      ctx.set("Connection", "close");
      reject(unavailable());
    });
  });
  return Promise.race([next(), silence]);
};
