import type { Middleware } from "koa";
import type { Settings } from "../config/variables.ts";
import { Refusal } from "../errors.ts";

/**
 * Sets security headers on every response, errors included. With them, browsers don't guess the type, run and load
 * nothing, and don't reveal to other sites where a visitor came from. Pages replace the policy with their own. With
 * an https PUBLIC_URL, browsers come back only over TLS (RFC 6797).
 */
export function safeHeaders({ PUBLIC_URL }: Pick<Settings, "PUBLIC_URL">): Middleware {
  const headers = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    // A year. Not for subdomains, which may serve something else.
    ...(PUBLIC_URL.startsWith("https:") ? { "Strict-Transport-Security": "max-age=31536000" } : {}),
  };
  return (ctx, next) => {
    ctx.set(headers);
    return next();
  };
}

/** Characters. No client needs more, and no parser of these headers should have to deal with more. */
const LONGEST = 1_000;

/** Headers that we, Koa or its packages parse. Credentials, cookies and keys have limits of their own. */
const PARSED = [
  "accept",
  "accept-encoding",
  "content-encoding",
  "content-type",
  "host",
  "if-none-match",
  "origin",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
];

/** Refuses requests with a needlessly long header before anything parses it. @throws 431. */
export const refuseLongHeaders: Middleware = (ctx, next) => {
  const long = PARSED.filter((name) => (ctx.headers[name]?.length ?? 0) > LONGEST);
  // The code that renders the refusal must not parse them either.
  for (const name of long) delete ctx.headers[name];
  const [first] = long;
  if (first === undefined) return next();
  const header = first.replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase());
  const detail = `${header} is too long: send at most ${LONGEST.toLocaleString("en")} characters.`;
  throw new Refusal(431, [{ code: "header_too_long", detail, source: { header } }]);
};
