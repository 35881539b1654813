import type { Router } from "@koa/router";
import type { Middleware } from "koa";
import type { Settings } from "../config/variables.ts";
import { forbidden } from "../errors.ts";

/**
 * Serves a developer's pages only under this machine's own names. Otherwise a website could point its name at this
 * machine's address (DNS rebinding) and read the inbox with a script.
 */
export function ownHostOnly(
  { PUBLIC_URL }: Pick<Settings, "PUBLIC_URL">,
  router: Pick<Router, "match">,
): Middleware {
  return (ctx, next) => {
    if (!router.match(ctx.path, ctx.method).route) return next();
    // Not `ctx.host`, which may come from a forwarded header that a script can send.
    const given = ctx.req.headers.host ?? "";
    const host = /[@/\\?#]/.test(given) ? "" : hostnameOf(`http://${given}`);
    if (isLoopback(host) || host === hostnameOf(PUBLIC_URL)) return next();
    const detail =
      "Development pages are available only at localhost and at the host of PUBLIC_URL. Open them there.";
    throw forbidden("forbidden", detail);
  };
}

function hostnameOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname.replace(/\.$/, "") : "";
}

function isLoopback(host: string): boolean {
  return /^(localhost|127\.0\.0\.1|\[::1\])$/.test(host) || /^[^.].*\.localhost$/.test(host);
}
