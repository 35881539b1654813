import type { Middleware } from "koa";
import type { Settings } from "../config/variables.ts";

/**
 * What every answer carries, errors included: it is what its type says and nothing else, it runs and
 * loads nothing where a browser shows it, and it tells no other site where somebody came from. A page has a policy of its
 * own, which takes the place of this one. Under an https PUBLIC_URL browsers come back over TLS alone (RFC 6797).
 */
export function safeHeaders({ PUBLIC_URL }: Pick<Settings, "PUBLIC_URL">): Middleware {
  const headers = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    // A year. Of other names under this one nothing is known here.
    ...(PUBLIC_URL.startsWith("https:") ? { "Strict-Transport-Security": "max-age=31536000" } : {}),
  };
  return (ctx, next) => {
    ctx.set(headers);
    return next();
  };
}
