import type { Context as KoaContext } from "koa";
import { pageHeaders } from "./page-headers.ts";

/**
 * Sends a browser on to another page of ours. After a form's answer this makes reloading harmless: nobody is asked whether
 * to send it again.
 * @param path of an address made of ids and proven tokens alone.
 */
export function seeOther(ctx: KoaContext, path: string): void {
  ctx.set(pageHeaders);
  ctx.set("Location", path);
  ctx.body = null;
  ctx.status = 303;
}
