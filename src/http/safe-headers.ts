import type { Middleware } from "koa";
import type { Settings } from "../config/variables.ts";
import { Refusal } from "../errors.ts";

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

/** Characters. No client needs more, and what reads these headers should never meet more. */
const LONGEST = 1_000;

/** The headers that we, Koa, or a package below it takes apart. Credentials, cookies and keys have limits of their own. */
const TAKEN_APART = [
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

/** Refuses a request with a header nobody needs in that length, before anything takes it apart. @throws 431. */
export const refuseLongHeaders: Middleware = (ctx, next) => {
  const long = TAKEN_APART.filter((name) => (ctx.headers[name]?.length ?? 0) > LONGEST);
  // Nor must what renders the refusal take one of them apart.
  for (const name of long) delete ctx.headers[name];
  const [first] = long;
  if (first === undefined) return next();
  const header = first.replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase());
  const detail = `${header} is too long: send at most ${LONGEST.toLocaleString("en")} characters.`;
  throw new Refusal(431, [{ code: "header_too_long", detail, source: { header } }]);
};
