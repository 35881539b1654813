import type { Router } from "@koa/router";
import type { Middleware } from "koa";
import type { Settings } from "../config/variables.ts";
import { forbidden } from "../errors.ts";

/**
 * Limits a developer's pages to this machine's own names. Otherwise any website could point its own name at this
 * machine's address (DNS rebinding), and its script could read the inbox.
 */
export function ownHostOnly(
  { PUBLIC_URL }: Pick<Settings, "PUBLIC_URL">,
  router: Pick<Router, "match">,
): Middleware {
  return (ctx, next) => {
    if (!router.match(ctx.path, ctx.method).route) return next();
    // Not `ctx.host`, which a proxy may forward, and so a script may send.
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
